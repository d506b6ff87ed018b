cp tree/a file
gzip -N file
mv file.gz result
