// SPDX-License-Identifier: GPL-2.0-only
/*
 * A service that calls a native method from compiled code. For each line of its input it makes so
 * many calls as the line says, with so many bytes as its first argument says.
 */
import java.util.Scanner;

public class Planted {
	static native void planted(int size);

	static void leakFromJava(int size, int calls) {
		for (int i = 0; i < calls; i++)
			planted(size);
	}

	static void handleRequest(int size, int calls) {
		leakFromJava(size, calls);
	}

	public static void main(String[] args) {
		Scanner in = new Scanner(System.in);

		System.load(args[1]);
		System.out.println("ready");
		while (in.hasNextInt()) {
			handleRequest(Integer.parseInt(args[0]), in.nextInt());
			System.out.println("done");
		}
	}
}
