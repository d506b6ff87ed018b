python3 -c 'import tarfile; t = tarfile.open("result", "w"); t.add("tree"); t.close()'
