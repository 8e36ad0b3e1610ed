# What `cmake --install` puts where: the components "development" (headers, archives, how to find them)
# and "program" (naru, the gallery; with NARU_SERVICE the system service).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(naru_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/naru)
set(naru_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH naru_pc_prefix /prefix/${naru_pc_dir} /prefix)
string(REGEX REPLACE "/$" "" naru_pc_prefix ${naru_pc_prefix})

# What pkg-config calls the libraries that the layers link.
set(pc_OpenSSL::SSL libssl)
set(pc_OpenSSL::Crypto libcrypto)
set(pc_ZLIB::ZLIB zlib)
set(pc_simdjson::simdjson simdjson)
set(pc_PkgConfig::nghttp2 libnghttp2)
set(link_Threads::Threads -pthread)
set(link_Boost::url -lboost_url)

# naru_archive(name LAYERS layers... DEPENDS archives... ABOUT text): the archive that is installed
# for these layers, linked as naru::<name>. Which layers there are inside is no affair of users.
function(naru_archive name)
  cmake_parse_arguments(arg "" "ABOUT" "LAYERS;DEPENDS" ${ARGN})
  set(target naru_archive_${name})
  add_library(${target} STATIC)
  foreach(layer IN LISTS arg_LAYERS)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:naru_${layer}>)
    get_target_property(links naru_${layer} LINK_LIBRARIES)
    list(APPEND libs ${links})
  endforeach()
  list(FILTER libs EXCLUDE REGEX "^naru_|^Boost::headers$|-NOTFOUND$")
  list(REMOVE_DUPLICATES libs)
  target_link_libraries(${target} PRIVATE ${libs})
  foreach(dep IN LISTS arg_DEPENDS)
    target_link_libraries(${target} PRIVATE naru_archive_${dep})
    list(APPEND naru_requires "naru-${dep} = ${PROJECT_VERSION}")
  endforeach()
  foreach(lib IN LISTS libs)
    list(APPEND naru_requires ${pc_${lib}})
    list(APPEND naru_libs ${link_${lib}})
  endforeach()
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX OUTPUT_NAME naru-${name}
                        EXPORT_NAME ${name} ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  install(TARGETS ${target} EXPORT naru-${name} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          COMPONENT development)
  install(EXPORT naru-${name} NAMESPACE naru:: DESTINATION ${naru_config_dir} COMPONENT development)
  list(PREPEND naru_libs -lnaru-${name})
  naru_pkg_config(naru-${name} "${arg_ABOUT}" "${naru_requires}" "${naru_libs}")
endfunction()

function(naru_pkg_config name about requires libs)
  list(JOIN requires ", " requires)
  list(JOIN libs " " libs)
  configure_file(${PROJECT_SOURCE_DIR}/packaging/naru.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${naru_pc_dir} COMPONENT development)
endfunction()

get_property(core_layers GLOBAL PROPERTY NARU_LAYERS)
list(REMOVE_ITEM core_layers server client)
naru_archive(core LAYERS ${core_layers} ABOUT "what server and client share")
naru_archive(server LAYERS server DEPENDS core ABOUT "real-time server")
naru_archive(client LAYERS client DEPENDS core ABOUT "WebSocket and Socket.IO clients")
naru_pkg_config(naru "server and clients" "naru-server = ${PROJECT_VERSION};naru-client = ${PROJECT_VERSION}" "")

install(DIRECTORY include/naru DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
configure_package_config_file(packaging/naruConfig.cmake.in naruConfig.cmake
                              INSTALL_DESTINATION ${naru_config_dir})
# Before 1.0 each minor version may change the API.
write_basic_package_version_file(naruConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/naruConfig.cmake ${PROJECT_BINARY_DIR}/naruConfigVersion.cmake
        DESTINATION ${naru_config_dir} COMPONENT development)

if(NARU_BUILD_PROGRAM)
  install(TARGETS naru COMPONENT program)
  # Where they could be made: see apps/naru/CMakeLists.txt.
  set(help ${PROJECT_BINARY_DIR}/apps/naru/help)
  set(zsh_directory ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  if(NARU_SERVICE)
    set(zsh_directory ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)  # as Debian has it
  endif()
  install(FILES ${help}/naru.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program OPTIONAL)
  install(FILES ${help}/naru DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          COMPONENT program OPTIONAL)
  install(FILES ${help}/_naru DESTINATION ${zsh_directory} COMPONENT program OPTIONAL)
  install(FILES ${help}/naru.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
          COMPONENT program OPTIONAL)
  # The gallery; its npm packages where `npm ci` has fetched them.
  set(gallery ${CMAKE_INSTALL_DATADIR}/naru/web)
  install(DIRECTORY web/public DESTINATION ${gallery} COMPONENT program)
  foreach(package socket.io-client sockjs-client)
    install(DIRECTORY web/node_modules/${package}/dist DESTINATION ${gallery}/node_modules/${package}
            COMPONENT program OPTIONAL PATTERN "*.map" EXCLUDE)
    install(FILES web/node_modules/${package}/LICENSE
            DESTINATION ${gallery}/node_modules/${package} COMPONENT program OPTIONAL)
  endforeach()
  install(DIRECTORY web/node_modules/@stomp/stompjs/bundles
          DESTINATION ${gallery}/node_modules/@stomp/stompjs COMPONENT program OPTIONAL
          PATTERN "*.map" EXCLUDE)
  install(FILES web/node_modules/@stomp/stompjs/LICENSE
          DESTINATION ${gallery}/node_modules/@stomp/stompjs COMPONENT program OPTIONAL)
endif()

if(NARU_SERVICE)
  include(packaging/debian/Package.cmake)
endif()
