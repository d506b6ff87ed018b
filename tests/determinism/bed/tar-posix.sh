tar --format=posix -cf result tree
