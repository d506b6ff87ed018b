# One job sleeps, and so the second of what another one makes meanwhile is a later one, or not yet.
cat >Makefile <<'RULES'
result: stamp library.a
	cat library.a >$@
stamp:
	sleep 1
	touch $@
library.a: tree/a
	sleep 0.5
	cp tree/a a
	cp tree/a b
	ar rcU $@ a b
RULES
make -s "-j${JOBS:-1}"
