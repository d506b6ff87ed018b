ssh-keygen -q -t ed25519 -N '' -C somebody -f key
cat key key.pub >result
