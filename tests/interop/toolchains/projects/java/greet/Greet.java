package greet;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

public final class Greet {
  static String greeting(String name) {
    return "Hello, " + name + "!";
  }

  public static void main(String[] arguments) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    List<Future<String>> greetings =
        List.of(pool.submit(() -> greeting("A")), pool.submit(() -> greeting("B")));
    for (Future<String> greeting : greetings) System.out.println(greeting.get());
    pool.shutdown();
  }
}
