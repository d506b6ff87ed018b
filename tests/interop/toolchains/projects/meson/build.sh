meson setup out
meson compile -C out
meson test -C out
out/count >result
