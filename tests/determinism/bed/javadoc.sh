echo '/** An H. */ public class H { }' >H.java
javadoc -quiet -d documents H.java >/dev/null
find documents -type f | sort | xargs cat >result
