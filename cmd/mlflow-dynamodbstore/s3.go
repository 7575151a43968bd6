package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// partLife is how long URLs for the parts of an upload work, which is as long as
// those of MLflow's server do.
const partLife = time.Hour

// s3Clients makes the client of S3 when it is first needed. Credentials are
// looked up once and refreshed by the SDK, not at each request.
type s3Clients struct {
	env func(string) (string, bool)

	mu     sync.Mutex
	client *s3.Client
}

// get returns the client, for the endpoint of MLFLOW_S3_ENDPOINT_URL if that is
// set.
func (c *s3Clients) get(ctx context.Context) (*s3.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil {
		return c.client, nil
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	c.client = s3.NewFromConfig(cfg, func(s *s3.Options) {
		if endpoint, ok := c.env("MLFLOW_S3_ENDPOINT_URL"); ok && endpoint != "" {
			s.BaseEndpoint = aws.String(endpoint)
			s.UsePathStyle = true
		}
		// Of an object that came in parts there is no checksum to compare, which is
		// nothing to warn of.
		s.DisableLogOutputChecksumValidationSkipped = true
		if s.Region == "" {
			s.Region = "us-east-1"
		}
	})
	return c.client, nil
}

// s3Location takes s3://<bucket>/<prefix> apart. A prefix ends in a slash.
func s3Location(uri string) (bucket, prefix string, err error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "s3" || u.Host == "" {
		return "", "", locationError{fmt.Errorf("%q is not of the form s3://<bucket>/<prefix>", uri)}
	}
	if prefix = strings.Trim(u.Path, "/"); prefix != "" {
		prefix += "/"
	}
	return u.Host, prefix, nil
}

var _ rest.Direct = (*s3Direct)(nil)

// s3Direct lets clients reach objects of a bucket by URLs.
type s3Direct struct {
	client         *s3.Client
	presign        *s3.PresignClient
	bucket, prefix string
}

// direct opens storage for direct access, which S3 has and directories have
// not.
func (o bucketOpener) direct(ctx context.Context, uri string) (rest.Direct, error) {
	if !strings.HasPrefix(uri, "s3:") {
		return nil, nil
	}
	bucket, prefix, err := s3Location(uri)
	if err != nil {
		return nil, err
	}
	client, err := o.s3.get(ctx)
	if err != nil {
		return nil, err
	}
	return &s3Direct{client: client, presign: s3.NewPresignClient(client), bucket: bucket, prefix: prefix}, nil
}

func (d *s3Direct) key(key string) *string { return aws.String(d.prefix + key) }

// CreateUpload begins an upload. One of which the server lost sight before the
// client heard of it is as any that is never completed.
func (d *s3Direct) CreateUpload(ctx context.Context, key string, parts int) (id string, urls []string, err error) {
	created, err := d.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &d.bucket, Key: d.key(key)})
	if err != nil {
		return "", nil, s3Error(err)
	}
	id = aws.ToString(created.UploadId)
	urls = make([]string, parts)
	for i := range urls {
		part, err := d.presign.PresignUploadPart(ctx, &s3.UploadPartInput{
			Bucket: &d.bucket, Key: d.key(key), UploadId: &id, PartNumber: aws.Int32(int32(i + 1)),
		}, s3.WithPresignExpires(partLife))
		if err != nil {
			return "", nil, errors.Join(s3Error(err), d.AbortUpload(ctx, key, id))
		}
		urls[i] = part.URL
	}
	return id, urls, nil
}

// CompleteUpload makes the object. When the answer of S3 is lost, the object is
// there or not; a client that tries again finds no such upload if it is.
func (d *s3Direct) CompleteUpload(ctx context.Context, key, id string, parts []rest.UploadedPart) error {
	completed := make([]types.CompletedPart, len(parts))
	for i, p := range parts {
		completed[i] = types.CompletedPart{ETag: aws.String(p.ETag), PartNumber: aws.Int32(int32(p.Number))} //nolint:gosec // S3 checks it
	}
	_, err := d.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &d.bucket, Key: d.key(key), UploadId: &id, MultipartUpload: &types.CompletedMultipartUpload{Parts: completed},
	})
	return s3Error(err)
}

// AbortUpload drops an upload.
func (d *s3Direct) AbortUpload(ctx context.Context, key, id string) error {
	_, err := d.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &d.bucket, Key: d.key(key), UploadId: &id})
	if isS3Error(err, "NoSuchUpload") {
		return nil
	}
	return s3Error(err)
}

// DownloadURL returns a URL whose answer says that it is a file, not a page.
func (d *s3Direct) DownloadURL(ctx context.Context, key, disposition string, life time.Duration) (string, int64, error) {
	head, err := d.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &d.bucket, Key: d.key(key)})
	if err != nil {
		return "", 0, s3Error(err)
	}
	get, err := d.presign.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &d.bucket, Key: d.key(key), ResponseContentDisposition: &disposition,
	}, s3.WithPresignExpires(life))
	if err != nil {
		return "", 0, s3Error(err)
	}
	return get.URL, aws.ToInt64(head.ContentLength), nil
}

// UploadURL returns a URL to put an object to.
func (d *s3Direct) UploadURL(ctx context.Context, key, contentType string, life time.Duration) (string, error) {
	put, err := d.presign.PresignPutObject(ctx, &s3.PutObjectInput{
		Bucket: &d.bucket, Key: d.key(key), ContentType: &contentType,
	}, s3.WithPresignExpires(life))
	if err != nil {
		return "", s3Error(err)
	}
	return put.URL, nil
}

// urlLife is how long URLs for downloads work: as long as the variable says that
// MLflow has for it, which S3 bounds.
func urlLife(env func(string) (string, bool)) (time.Duration, error) {
	seconds, err := envNumber(env, "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS", int(rest.DefaultURLLife/time.Second), 7*24*3600)
	return time.Duration(seconds) * time.Second, err
}

func isS3Error(err error, codes ...string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	for _, code := range codes {
		if api.ErrorCode() == code {
			return true
		}
	}
	return false
}

// s3Error makes an error that clients may see of what they can have caused.
// What is behind it is kept from them.
func s3Error(err error) error {
	response, _ := errors.AsType[*smithyhttp.ResponseError](err)
	switch {
	case err == nil:
		return nil
	case isS3Error(err, "NoSuchUpload"):
		return &dynamodbstore.Error{Code: dynamodbstore.CodeResourceDoesNotExist, Message: "No such upload.", Err: err}
	case isS3Error(err, "NoSuchKey", "NotFound"), response != nil && response.HTTPStatusCode() == http.StatusNotFound:
		return &dynamodbstore.Error{Code: dynamodbstore.CodeResourceDoesNotExist, Message: "No such artifact.", Err: err}
	case isS3Error(err, "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "InvalidArgument", "MalformedXML", "InvalidRequest"):
		return &dynamodbstore.Error{
			Code: dynamodbstore.CodeInvalidParameterValue, Message: "The parts of the upload do not make an object.", Err: err,
		}
	}
	return fmt.Errorf("S3: %w", err)
}
