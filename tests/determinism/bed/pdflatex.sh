printf '%s' '\documentclass{article}\begin{document}\today\end{document}' >page.tex
pdflatex -interaction=batchmode page.tex >/dev/null
mv page.pdf result
