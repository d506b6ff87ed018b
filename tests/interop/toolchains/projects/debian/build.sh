chmod 755 debian/rules
dpkg-buildpackage -us -uc -b
dpkg-deb --extract ../farm-hello_1.0_amd64.deb unpacked
{
  dpkg-deb --field ../farm-hello_1.0_amd64.deb Package Version
  dpkg-deb --contents ../farm-hello_1.0_amd64.deb | awk '$NF ~ /bin\/farm/ { print $1, $2 }'
  unpacked/usr/bin/farm-hello
} >result
