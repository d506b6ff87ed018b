printf 'INPUT = a.c\nGENERATE_LATEX = NO\nQUIET = YES\nHTML_TIMESTAMP = YES\nHAVE_DOT = NO\n' >Doxyfile
echo '/** \file */ /** An a. */ int a;' >a.c
doxygen >/dev/null
cat html/*.html >result
