mkdir project
printf 'cmake_minimum_required(VERSION 3.20)\nproject(p C)\nconfigure_file(in.h.in in.h)\nadd_executable(p p.c)\ntarget_include_directories(p PRIVATE ${CMAKE_BINARY_DIR})\n' >project/CMakeLists.txt
echo '#define VALUE 1' >project/in.h.in
printf '#include "in.h"\n#include <stdio.h>\nint main(void) { printf("%%d\\n", VALUE); }\n' >project/p.c
build() { cmake --build tree | grep -cE 'Building C object' >>result || true; ./tree/p >>result; }
cmake -S project -B tree >/dev/null
build
build
sleep 0.05
echo '#define VALUE 2' >project/in.h.in
build
build
