tar cf result tree
