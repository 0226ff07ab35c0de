"""Refuses a role's calls to S3 in a region other than the bucket's.

On AWS, S3 redirects such a call, and boto3 repeats it in the right region. But a job in an isolated network reaches
S3 in its own region only: the first request hangs. So the mistake must show here, in every network.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.s3.models import s3_backends

from local_cloud.core.role_access_keys import role_of
from local_cloud.middleware.api_calls import read_call
from local_cloud.middleware.wsgi import read_body, refuse


def with_bucket_regions(application: WSGIApplication, account: str) -> WSGIApplication:
    """Wrap the application so that a role reaches a bucket only in the bucket's region.

    Args:
        application: The application.
        account: The account of all buckets.
    """

    def call(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        api_call = read_call(environment, read_body(environment))
        if api_call is not None and api_call.service == "s3" and role_of(api_call.access_key) is not None:
            bucket = s3_backends[account]["aws"].buckets.get(api_call.subject.partition("/")[0])
            if bucket is not None and bucket.region_name != api_call.region:
                message = f"the request went to {api_call.region}; the bucket {bucket.name} is in {bucket.region_name}"
                code = "AuthorizationHeaderMalformed"
                return refuse("s3", status=400, code=code, start_response=start_response, message=message)
        return application(environment, start_response)

    return call
