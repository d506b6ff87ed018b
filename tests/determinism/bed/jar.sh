jar cf result tree
