mkdir classes
javac -Xlint:all -Werror -d classes greet/Greet.java
jar --create --file greet.jar --main-class greet.Greet -C classes .
java -jar greet.jar >result
