# naru_layer(name DEPENDS layers... LIBS libraries... PUBLIC headers of include/naru that it implements...
#            EXCEPT files that this build leaves out...)
# A layer may depend only on layers declared above it, so a cycle cannot be written.
# tools/check_layers.py compares every #include with the layers.txt written here.
file(REMOVE ${PROJECT_BINARY_DIR}/layers.txt)

function(naru_layer name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBS;PUBLIC;EXCEPT" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${name}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${name}/*.hpp)
  list(TRANSFORM arg_EXCEPT PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/${name}/)
  list(REMOVE_ITEM sources ${arg_EXCEPT})
  list(REMOVE_ITEM headers ${arg_EXCEPT})
  list(TRANSFORM arg_PUBLIC PREPEND ${PROJECT_SOURCE_DIR}/include/naru/ OUTPUT_VARIABLE public_headers)
  add_library(naru_${name} STATIC ${sources})
  target_sources(naru_${name} PUBLIC
    FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include
    FILES ${headers} ${public_headers})
  target_compile_features(naru_${name} PUBLIC cxx_std_20)
  foreach(dep IN LISTS arg_DEPENDS)
    if(NOT TARGET naru_${dep})
      message(FATAL_ERROR "layer '${name}' may not depend on '${dep}': it is not below it")
    endif()
    target_link_libraries(naru_${name} PUBLIC naru_${dep})
  endforeach()
  target_link_libraries(naru_${name} PRIVATE ${arg_LIBS})
  set_property(GLOBAL APPEND PROPERTY NARU_LAYERS ${name})
  file(APPEND ${PROJECT_BINARY_DIR}/layers.txt "${name}: ${arg_DEPENDS} | ${arg_PUBLIC}\n")
endfunction()
