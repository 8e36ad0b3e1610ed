# Compiler flags of every target of this project. Warnings are ours to mend, not our users'.
if(PROJECT_IS_TOP_LEVEL)
  add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)  # bounds checks of the standard library, release too
if(NARU_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside the standard library itself once it inlines (GCC bugs 105329, 105651).
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized
                      -Wno-stringop-overread)
endif()

if(NARU_SANITIZE)
  add_compile_options(-fsanitize=${NARU_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${NARU_SANITIZE})
  add_compile_definitions(NARU_SANITIZED)
endif()
if(NARU_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # coverage inside the layers guides the fuzzer
endif()
if(NARU_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  add_link_options($<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)
endif()

find_program(NARU_CCACHE ccache)
if(NARU_CCACHE AND PROJECT_IS_TOP_LEVEL)
  # Without this it takes no file that has a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
                                  ${NARU_CCACHE})
endif()
