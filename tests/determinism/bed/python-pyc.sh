echo 'x = 1' >module.py
python3 -m py_compile module.py
cat __pycache__/* >result
