zip -qr result.zip tree
mv result.zip result
