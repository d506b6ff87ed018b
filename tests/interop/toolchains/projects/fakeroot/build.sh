cat >tree.sh <<'EOF'
set -e
mkdir -p tree/etc tree/dev
echo secret >tree/etc/secret
chown root:shadow tree/etc/secret
chmod 4750 tree/etc/secret
mknod tree/dev/null c 1 3
tar --sort=name --mtime=@0 -C tree -cf tree.tar .
EOF
fakeroot -- sh tree.sh
tar -tvf tree.tar --full-time --numeric-owner | awk '{ print $1, $2, $NF }' >result
