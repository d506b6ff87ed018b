mksquashfs tree result -quiet -no-progress >/dev/null
