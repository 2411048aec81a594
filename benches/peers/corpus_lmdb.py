"""The last step of the pipeline that corpus.py times: sequences and clusters into one LMDB file.

    python3 corpus_lmdb.py clean.fa out_cluster.tsv corpus.lmdb

Sequences are numbered from 0 in their order; ids are these numbers. Clusters are lists of them, the representative first.
"""

import struct
import sys

import lmdb

CHUNK = 20_000


def main():
    fasta, table, output = sys.argv[1:]
    with lmdb.open(output, map_size=1 << 36, subdir=False, max_dbs=2, sync=False, lock=False) as store:
        sequences, clusters = store.open_db(b"sequences"), store.open_db(b"clusters")
        put_all(store, sequences, read_sequences(fasta))
        put_all(store, clusters, read_clusters(table))
        store.sync(True)


def put_all(store, database, values):
    """Values by their number, appended, many in a transaction."""
    transaction = store.begin(write=True, db=database)
    for number, value in enumerate(values):
        transaction.put(struct.pack(">I", number), value, append=True)
        if number % CHUNK == CHUNK - 1:
            transaction.commit()
            transaction = store.begin(write=True, db=database)
    transaction.commit()


def read_sequences(path):
    with open(path, "rb") as lines:
        for line in lines:
            if not line.startswith(b">"):
                yield line.strip()


def read_clusters(path):
    members = {}
    with open(path) as lines:
        for line in lines:
            representative, member = map(int, line.split())
            found = members.setdefault(representative, [representative])
            if member != representative:
                found.append(member)
    for found in members.values():
        yield struct.pack(f"<{len(found)}I", *found)


if __name__ == "__main__":
    main()
