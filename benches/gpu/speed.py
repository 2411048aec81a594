"""The median of tokens a second of a run's steps, from its metrics; the first steps are left out.

    speed.py NAME RUN/metrics.jsonl [LEFT OUT] [steps SECONDS]

With `steps`, it prints how many steps are taken in so many seconds.
"""

import json
import statistics
import sys

name, path = sys.argv[1:3]
steps = [line for line in map(json.loads, open(path)) if line["kind"] == "step"]
counted = steps[int(sys.argv[3]) if len(sys.argv) > 3 else 10 :] or steps
if len(sys.argv) > 5:
    print(max(1, int(float(sys.argv[5]) / statistics.mean(step["seconds"] for step in counted))))
else:
    speed = statistics.median(step["tokens"] / step["seconds"] for step in counted)
    waited = sum(step["waited"] for step in counted) / sum(step["seconds"] for step in counted)
    print(f"{name:<30} {speed:>11,.0f} tokens/s, {counted[-1]['tokens']:,} tokens a step, {waited:.1%} waiting", flush=True)
