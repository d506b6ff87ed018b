# The process ids of what make itself starts, in the order in which it comes to it.
cat >Makefile <<'RULES'
result: 1.id 2.id 3.id 4.id 5.id 6.id
	cat $^ >$@
%.id:
	: >$*.begun
	echo $$$$ >$@
RULES
make -s "-j${JOBS:-1}"
