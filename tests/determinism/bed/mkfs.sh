truncate -s 4M image
mkfs.ext4 -q -d tree image
mv image result
