cmake -G Ninja -B out -S . -DCMAKE_BUILD_TYPE=Release
ninja -C out
ctest --test-dir out --output-on-failure
out/area >result
# Nothing has changed: nothing is made again.
ninja -C out | tail -1 >>result
