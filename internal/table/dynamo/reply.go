package dynamo

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// checkReplies makes a client refuse answers that are not as DynamoDB sent
// them: without that an empty body would be an item that is not there. The SDK
// compares checksums too, but only to log the difference.
func checkReplies(stack *middleware.Stack) error {
	check := middleware.DeserializeMiddlewareFunc("WholeReply", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, md, err := next.HandleDeserialize(ctx, in)
		if res, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil {
			res.Body = &replyBody{ReadCloser: res.Body, want: res.Header.Get("X-Amz-Crc32")}
		}
		return out, md, err //nolint:wrapcheck // it stands in for the next handler
	})
	return stack.Deserialize.Add(check, middleware.After) //nolint:wrapcheck // names the middleware itself
}

// replyBody fails at its end if it was empty or has another checksum.
type replyBody struct {
	io.ReadCloser
	want string // decimal CRC-32, may be empty
	sum  uint32
	size int
}

// Read returns what the answer has next.
func (b *replyBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.size += n
	b.sum = crc32.Update(b.sum, crc32.IEEETable, p[:n])
	if err != io.EOF {
		return n, err //nolint:wrapcheck // it stands in for the body
	}
	if b.size == 0 {
		return n, io.ErrUnexpectedEOF
	}
	if got := strconv.FormatUint(uint64(b.sum), 10); b.want != "" && b.want != got {
		return n, fmt.Errorf("body has checksum %s, not %s", got, b.want)
	}
	return n, io.EOF
}
