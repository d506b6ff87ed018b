autoreconf --install
./configure --prefix=/build/installed
make -j2
make check
make install
make dist
/build/installed/bin/reverse >result
tar -tf reverse-1.0.tar.gz | grep -c '/library\.[ch]$' >>result
