"""Names of cases in; asks a real cluster and writes each case's expected.json.

python record.py CASE... --kubeconfig FILE [--check]
"""

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor

from deployment_case import DeploymentCase, deployment_cases, differences
from lab_cluster import LabCluster
from playing import play


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="*", help="default: all")
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--prefix", default="cases", help="of the namespaces")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--check", action="store_true", help="compare with what is recorded")
    asked = parser.parse_args()

    def one(name: str) -> list[str]:
        case = DeploymentCase(name)
        try:
            with LabCluster(asked.kubeconfig, f"{asked.prefix}-{name}") as cluster:
                seen = play(case.steps, cluster)
        except Exception as error:
            return [f"{type(error).__name__}: {error}"]
        if asked.check:
            return list(differences(case.expected, seen))
        text = json.dumps({"kubernetes": "1.33", "seen": seen}, indent=1, ensure_ascii=False)
        case.answers.write_text(text + "\n", encoding="utf-8")
        return []

    names = asked.case or deployment_cases()
    bad = 0
    with ThreadPoolExecutor(asked.at_once) as pool:
        for name, lines in zip(names, pool.map(one, names), strict=True):
            bad += bool(lines)
            said = [] if lines else ["as recorded" if asked.check else "recorded"]
            sys.stdout.write("\n  ".join([f"{name}:", *said, *lines]) + "\n")
            sys.stdout.flush()
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
