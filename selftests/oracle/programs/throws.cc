// SPDX-License-Identifier: GPL-2.0-only
/* Throws exceptions through lambdas and containers, without end. */
#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

static int call_nested(int n, const std::function<int(int)> &f)
{
	if (n == 0)
		return f(n);
	return call_nested(n - 1, [&f](int x) { return f(x + 1); }) + 1;
}

int main()
{
	std::map<std::string, std::vector<int>> all;

	for (unsigned int i = 0;; i++) {
		try {
			call_nested(i % 20, [&all](int x) -> int {
				auto &v = all[std::to_string(x)];
				v.push_back(x);
				if (v.size() % 3 == 0)
					throw std::runtime_error("third");
				return x;
			});
		} catch (const std::exception &e) {
			all[e.what()].assign(100, i);
			std::sort(all[e.what()].begin(), all[e.what()].end());
		}
	}
}
