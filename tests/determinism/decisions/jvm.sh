cat >Waits.java <<'CODE'
import java.util.concurrent.*;

public class Waits {
  static void check(String what, long from, long milliseconds) {
    long passed = (System.nanoTime() - from) / 1000000;
    System.out.println(what + (passed >= milliseconds && passed < milliseconds + 400 ? " in time" : " after " + passed));
  }
  public static void main(String[] words) throws Exception {
    long from = System.nanoTime();
    Thread.sleep(300);
    check("sleep", from, 300);
    from = System.nanoTime();
    Object object = new Object();
    synchronized (object) { object.wait(300); }
    check("wait", from, 300);
    from = System.nanoTime();
    ScheduledExecutorService service = Executors.newScheduledThreadPool(1);
    System.out.println(service.schedule(() -> "scheduled", 300, TimeUnit.MILLISECONDS).get());
    service.shutdown();
    System.out.println(service.awaitTermination(10, TimeUnit.SECONDS));
    System.out.println(new ArrayBlockingQueue<String>(1).poll(200, TimeUnit.MILLISECONDS));
    CompletableFuture<String> future = CompletableFuture.supplyAsync(() -> "supplied");
    System.out.println(future.get(10, TimeUnit.SECONDS));
    int[] sums = new int[4];
    Thread[] threads = new Thread[4];
    for (int i = 0; i < 4; i++) {
      int number = i;
      threads[i] = new Thread(() -> { for (int k = 0; k < 1000000; k++) sums[number] += k % 7; });
      threads[i].start();
    }
    for (Thread thread : threads) thread.join();
    System.out.println(java.util.Arrays.toString(sums));
    System.gc();
  }
}
CODE
javac Waits.java
java Waits >result
