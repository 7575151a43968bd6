"""Prints a markdown table of the reports of mlbench: the median over all rounds
of the CPU milliseconds of each operation, by server, and its ratio to ours."""

import json
import statistics
import sys

OURS = "ours"


def main(paths):
    cpu, failed, servers, workloads, titles, versions = {}, {}, [], [], {}, {}
    for path in paths:
        with open(path) as f:
            report = json.load(f)
        name = report["name"]
        versions[name] = report.get("server_version", "")
        if name not in servers:
            servers.append(name)
        for r in report["results"]:
            key = (r["id"], name)
            if r["id"] not in workloads:
                workloads.append(r["id"])
            if r["status"] != "ok":
                failed[key] = r["status"]
                continue
            if r["errors"]:
                failed[key] = f"{100 * r['errors'] / (r['errors'] + r['ops']):.0f}% failed"
            cpu.setdefault(key, []).append(r["cpu_ms_per_op"]["server"])
            titles[r["id"]] = r["title"]
    servers.sort(key=lambda s: s != OURS)
    others = [s for s in servers if s != OURS]

    print(f"CPU ms per operation, medians of {max(map(len, cpu.values()))} rounds; in brackets, how many times ours.")
    print()
    print("| workload | clients | " + " | ".join(f"{s} {versions[s]}".strip() for s in servers) + " |")
    print("|---|--:|" + "--:|" * len(servers))
    ratios = {s: [] for s in others}
    for w in workloads:
        name, _, clients = w.rpartition(".c")
        cells = []
        ours = statistics.median(cpu.get((w, OURS), [0]))
        for s in servers:
            values = cpu.get((w, s))
            if not values:
                cells.append(failed.get((w, s), ""))
                continue
            median = statistics.median(values)
            cell = f"{median:.3g}"
            if s != OURS and ours:
                cell += f" ({median / ours:.3g}×)"
                if (w, s) not in failed:
                    ratios[s].append(median / ours)
            if (w, s) in failed:
                cell += f", {failed[w, s]}"
            cells.append(cell)
        print(f"| {name} | {clients} | " + " | ".join(cells) + " |")
    geometric = [f"{statistics.geometric_mean(ratios[s]):.3g}×" if ratios.get(s) else "" for s in servers]
    print("| geometric mean of ratios | | " + " | ".join(geometric) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
