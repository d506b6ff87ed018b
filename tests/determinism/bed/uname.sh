uname -a >result
