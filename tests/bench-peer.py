# SPDX-License-Identifier: GPL-3.0-or-later
"""dcnum with its defaults: bench-peer.py IN OUT tap|drain PROCESSES"""
import sys


def main():
    from dcnum.logic import DCNumJobRunner, DCNumPipelineJob
    DCNumJobRunner(job=DCNumPipelineJob(
        path_in=sys.argv[1], path_out=sys.argv[2], basin_strategy=sys.argv[3],
        num_procs=int(sys.argv[4]))).run()


if __name__ == "__main__":
    main()
