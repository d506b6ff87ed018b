mktemp -d "$PWD/XXXXXXXX" >result
