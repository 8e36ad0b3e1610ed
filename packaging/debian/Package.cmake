# The Debian packages, made by CPack: `naru` (component "program") and `libnaru-dev` ("development").
#   cmake --preset package && cmake --build --preset package && cpack --preset package
set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(service ${PROJECT_SOURCE_DIR}/packaging/systemd)
# A package without them would be found out by those who open its demos.
foreach(package socket.io-client sockjs-client @stomp/stompjs)
  set(fetched ${PROJECT_SOURCE_DIR}/web/node_modules/${package})
  install(CODE "if(NOT EXISTS ${fetched})
    message(FATAL_ERROR \"the demos have no ${package}: run npm ci in web/ first\")\nendif()" COMPONENT program)
endforeach()
install(FILES ${service}/naru.service DESTINATION lib/systemd/system COMPONENT program)
install(FILES ${service}/naru.toml DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/naru COMPONENT program)
install(FILES docs/guide/serve.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(FILES ${debian}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(FILES ${debian}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libnaru-dev COMPONENT development)
install(FILES docs/guide/install.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libnaru-dev COMPONENT development)
install(FILES packaging/example/CMakeLists.txt packaging/example/server.cpp packaging/example/client.cpp
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libnaru-dev/examples COMPONENT development)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The naru authors <naru@localhost>")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_SET_DESTDIR ON)  # /etc is outside the prefix
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME naru)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"Serves topics, rooms and demos to browsers and programs, as the system service
naru. Its configuration is /etc/naru/naru.toml.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54), procps")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA
    "${debian}/postinst;${debian}/prerm;${debian}/postrm;${debian}/conffiles")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libnaru-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"Headers and static libraries for C++20: a server, and clients, within a program
of your own. Found by CMake's find_package(naru) and by pkg-config.")
set(depends libssl-dev zlib1g-dev libsimdjson-dev libboost1.81-dev libboost-url1.81-dev pkg-config)
if(nghttp2_FOUND)
  list(APPEND depends libnghttp2-dev)
endif()
list(JOIN depends ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS nlohmann-json3-dev)
include(CPack)
