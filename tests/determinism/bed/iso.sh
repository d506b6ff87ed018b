genisoimage -quiet -o result tree
