# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of archive-s3: list, get, append to a zip file, one by one."""
import os
import sys
import zipfile

import boto3

bucket, n, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
s3 = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"])
with zipfile.ZipFile(path, "a") as z:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 500, "MaxItems": n})
    for page in pages:
        for o in page["Contents"]:
            body = s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read()
            z.writestr(f"{bucket}/{o['Key']}", body)
