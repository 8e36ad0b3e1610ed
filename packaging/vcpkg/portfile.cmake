# An overlay port: vcpkg install naru --overlay-ports=<this repository>/packaging/vcpkg
# It builds the tree it lies in. A port of a registry would say vcpkg_from_github here.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)

vcpkg_check_linkage(ONLY_STATIC_LIBRARY)  # ADR 0013
if("http2" IN_LIST FEATURES)
  set(http2 ON)
else()
  set(http2 OFF)
endif()
vcpkg_find_acquire_program(PKGCONFIG)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DNARU_BUILD_PROGRAM=OFF
    -DNARU_BUILD_EXAMPLES=OFF
    -DNARU_BUILD_TESTS=OFF
    -DNARU_WERROR=OFF
    -DNARU_WITH_HTTP2=${http2}
    "-DPKG_CONFIG_EXECUTABLE=${PKGCONFIG}")
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/naru)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
