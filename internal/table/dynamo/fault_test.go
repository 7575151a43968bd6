package dynamo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// wire is the network between a client and DynamoDB Local. Each request meets
// the next of its faults; after the last one all is well.
type wire struct {
	inner http.RoundTripper

	mu     sync.Mutex
	faults []fault
	always fault // of requests about items beyond faults
	tries  int   // requests about items
}

// fault is what becomes of a request: its answer, or an error instead.
type fault func(w *wire, r *http.Request) (*http.Response, error)

// RoundTrip sends a request through the fault that is next.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	op := r.Header.Get("X-Amz-Target")
	if strings.HasSuffix(op, "Table") || strings.HasSuffix(op, "ToLive") || strings.HasSuffix(op, "Backups") {
		return w.inner.RoundTrip(r)
	}
	w.mu.Lock()
	w.tries++
	next := w.always
	if len(w.faults) > 0 {
		next, w.faults = w.faults[0], w.faults[1:]
	}
	w.mu.Unlock()
	if next == nil {
		return w.inner.RoundTrip(r)
	}
	return next(w, r)
}

// set sets the faults of the next requests, and of all after them.
func (w *wire) set(always fault, faults ...fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.always, w.faults, w.tries = always, faults, 0
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tries
}

// reply is an answer instead of DynamoDB's.
func reply(status int, kind, body string) fault {
	return func(_ *wire, r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

// refused is an error as DynamoDB words it.
func refused(status int, code, more string) fault {
	return reply(status, "application/x-amz-json-1.0",
		fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"injected"%s}`, code, more))
}

// changed lets a request pass and changes the body of its answer.
func changed(change func(r *http.Request, body []byte) io.Reader) fault {
	return func(w *wire, r *http.Request) (*http.Response, error) {
		res, err := w.inner.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		_ = res.Body.Close()
		res.Body = io.NopCloser(change(r, body))
		return res, nil
	}
}

// failing is a body, or the rest of one, that cannot be read.
type failing struct{ err func() error }

func (f failing) Read([]byte) (int, error) { return 0, f.err() }

var (
	throttled   = refused(400, "ProvisionedThroughputExceededException", "")
	conflict    = refused(400, "TransactionConflictException", "")
	canceled    = refused(400, "TransactionCanceledException", `,"CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"None"}]`)
	serverFault = refused(500, "InternalServerError", "")
	gateway     = reply(502, "text/html", "<html>Bad Gateway</html>")
	unreadable  = reply(200, "application/x-amz-json-1.0", "<html>a captive portal</html>")
	empty       = changed(func(*http.Request, []byte) io.Reader { return strings.NewReader("") })
)

func cutRequest(*wire, *http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

// cutReply loses the connection within the answer, after the request was done.
func cutReply(w *wire, r *http.Request) (*http.Response, error) {
	return changed(func(_ *http.Request, body []byte) io.Reader {
		return io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{func() error { return io.ErrUnexpectedEOF }})
	})(w, r)
}

// hang answers when nobody waits any more.
func hang(_ *wire, r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// stall begins to answer, and never ends.
func stall(w *wire, r *http.Request) (*http.Response, error) {
	return changed(func(r *http.Request, body []byte) io.Reader {
		return io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{func() error {
			<-r.Context().Done()
			return r.Context().Err()
		}})
	})(w, r)
}

// filled is a table with 40 items, as seen over a calm wire and over a faulty
// one, whose client hardly waits between tries, and perTry for an answer.
func filled(t *testing.T, opts dynamo.Options, perTry time.Duration) (calm, tab table.Table, w *wire) {
	t.Helper()
	name := ddblocal.Name(t)
	calm = dynamo.New(ddblocal.Client(t), name, dynamo.Options{PollInterval: 10 * time.Millisecond})
	require.NoError(t, calm.Init(t.Context(), true))
	items := make([]table.Item, 40)
	for i := range items {
		items[i] = item(i)
	}
	require.NoError(t, calm.BatchWrite(t.Context(), items, nil))
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	w = &wire{inner: transport}
	client := ddblocal.Client(t, func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: w, Timeout: perTry}
		o.Retryer = dynamo.Retryer(func(r *retry.StandardOptions) {
			r.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Microsecond, nil })
		})
	})
	opts.MinDelay, opts.MaxDelay = time.Microsecond, time.Microsecond
	return calm, dynamo.New(client, name, opts), w
}

// call is an operation that can be repeated, with what it returns.
type call struct {
	name   string
	writes bool
	do     func(ctx context.Context, tab table.Table) (any, error)
}

func item(n int) table.Item {
	return table.NewItem(table.Key{PK: "p", SK: fmt.Sprintf("%03d", n)}, table.Attr{Name: "a", Value: table.Number(int64(n))})
}

func itemKeys(n int) []table.Key {
	ks := make([]table.Key, n)
	for i := range ks {
		ks[i] = item(i).Key
	}
	return ks
}

// calls has every operation on items. There are items 0 to 39.
var calls = []call{
	{"Get", false, func(ctx context.Context, tab table.Table) (any, error) {
		it, ok, err := tab.Get(ctx, item(7).Key, table.Strong)
		return []any{it, ok}, err
	}},
	{"BatchGet", false, func(ctx context.Context, tab table.Table) (any, error) {
		items, err := tab.BatchGet(ctx, itemKeys(40), table.Strong)
		slices.SortFunc(items, func(a, b table.Item) int { return strings.Compare(a.Key.SK, b.Key.SK) })
		return items, err
	}},
	{"Query", false, func(ctx context.Context, tab table.Table) (any, error) {
		return tab.Query(ctx, table.Query{PK: "p", From: "010", To: "020"})
	}},
	{"Scan", false, func(ctx context.Context, tab table.Table) (any, error) { return tab.Scan(ctx, table.Scan{}) }},
	{"Put", true, func(ctx context.Context, tab table.Table) (any, error) {
		return nil, tab.Put(ctx, table.Put{Item: item(50)})
	}},
	{"Delete", true, func(ctx context.Context, tab table.Table) (any, error) {
		return nil, tab.Delete(ctx, table.Delete{Key: item(39).Key})
	}},
	{"Update", true, func(ctx context.Context, tab table.Table) (any, error) {
		return tab.Update(ctx, table.Update{
			Key: item(3).Key, Cond: table.Exists(), Set: []table.Attr{{Name: "b", Value: table.Number(1)}}, Return: true,
		})
	}},
	{"BatchWrite", true, func(ctx context.Context, tab table.Table) (any, error) {
		puts := []table.Item{item(60), item(61), item(62)}
		return nil, tab.BatchWrite(ctx, puts, itemKeys(2))
	}},
	{"Transact", true, func(ctx context.Context, tab table.Table) (any, error) {
		return nil, tab.Transact(ctx, "once", table.Put{Item: item(70)}, table.Put{Item: item(71)})
	}},
}

func contents(t *testing.T, tab table.Table) []table.Item {
	t.Helper()
	page, err := tab.Query(t.Context(), table.Query{PK: "p", From: "0", To: "~"})
	require.NoError(t, err)
	return page.Items
}

// TestFaultsThatPass has a fault or three before each operation succeeds: it
// does, with the result that it has without them.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	for name, f := range map[string][]fault{
		"throttling burst": {throttled, throttled, throttled, throttled, throttled},
		"server faults":    {serverFault, gateway, serverFault},
		"cut connections":  {cutRequest, cutReply, cutRequest},
		"unreadable":       {unreadable, cutReply},
		"stalled":          {hang, stall},
		"conflict":         {conflict, conflict},
		"cancelled":        {canceled, canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			perTry := 10 * time.Second
			if name == "stalled" {
				perTry = 500 * time.Millisecond // which a busy machine needs
			}
			other, _, _ := filled(t, dynamo.Options{}, 0)
			calm, tab, w := filled(t, dynamo.Options{}, perTry)
			for _, c := range calls {
				if name == "cancelled" && c.name != "Transact" || name == "conflict" && !c.writes {
					continue
				}
				want, err := c.do(t.Context(), other)
				require.NoError(t, err, c.name)
				w.set(nil, f...)
				got, err := c.do(t.Context(), tab)
				require.NoError(t, err, c.name)
				require.Equal(t, want, got, c.name)
				require.Greater(t, w.count(), len(f), c.name)
			}
			require.Equal(t, contents(t, other), contents(t, calm))
		})
	}
}

// TestFaultsThatStay lets faults not pass: every operation ends, with an error
// of the right class, which is not the end of a context.
func TestFaultsThatStay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault fault
		class error
	}{
		"throttled":   {throttled, table.ErrThrottled},
		"server":      {serverFault, table.ErrUnavailable},
		"gateway":     {gateway, table.ErrUnavailable},
		"cut request": {cutRequest, table.ErrUnavailable},
		"cut reply":   {cutReply, table.ErrUnavailable},
		"unreadable":  {unreadable, table.ErrUnavailable},
		"hangs":       {hang, table.ErrUnavailable},
		"stalls":      {stall, table.ErrUnavailable},
		"conflict":    {conflict, table.ErrConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts, perTry := dynamo.Options{}, 10*time.Second
			switch name {
			case "hangs":
				opts.CallTimeout = 50 * time.Millisecond
			case "stalls":
				perTry = 20 * time.Millisecond
			}
			calm, tab, w := filled(t, opts, perTry)
			before := contents(t, calm)
			for _, c := range calls {
				w.set(tc.fault)
				_, err := c.do(t.Context(), tab)
				require.ErrorIs(t, err, tc.class, c.name)
				require.NotErrorIs(t, err, context.DeadlineExceeded, c.name)
				require.NotErrorIs(t, err, context.Canceled, c.name)
			}
			if name != "cut reply" && name != "stalls" { // which are met after the work
				require.Equal(t, before, contents(t, calm))
			}
		})
	}
}

// TestEmptyReply has answers without a body. Items must not look absent.
func TestEmptyReply(t *testing.T) {
	t.Parallel()
	other, _, _ := filled(t, dynamo.Options{}, 0)
	_, tab, w := filled(t, dynamo.Options{}, 0)
	for _, c := range calls {
		want, err := c.do(t.Context(), other)
		require.NoError(t, err, c.name)
		w.set(nil, empty)
		got, err := c.do(t.Context(), tab)
		require.NoError(t, err, c.name)
		require.Equal(t, want, got, c.name)
	}
}

// TestEndedContextOnTheWire ends the caller's context while a request is
// refused, hangs or is answered slowly: the error is the context's.
func TestEndedContextOnTheWire(t *testing.T) {
	t.Parallel()
	_, tab, w := filled(t, dynamo.Options{}, 0)
	for name, f := range map[string]fault{"hang": hang, "stall": stall, "throttled": throttled, "server": serverFault, "conflict": conflict} {
		for _, c := range calls {
			ctx, cancel := context.WithCancel(t.Context())
			w.set(func(w *wire, r *http.Request) (*http.Response, error) {
				cancel()
				return f(w, r)
			})
			_, err := c.do(ctx, tab)
			require.Equal(t, context.Canceled, err, "%s, %s", name, c.name)
		}
	}
	w.set(nil)
	for _, c := range calls {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		_, err := c.do(ctx, tab)
		require.Equal(t, context.DeadlineExceeded, err, c.name)
		cancel()
		require.Zero(t, w.count(), c.name)
	}
}

// unprocessed answers a batch as DynamoDB does that has done nothing of it.
func unprocessed(_ *wire, r *http.Request) (*http.Response, error) {
	var in struct{ RequestItems json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	body := fmt.Sprintf(`{"UnprocessedKeys":%[1]s,"UnprocessedItems":%[1]s,"Responses":{}}`, in.RequestItems)
	return reply(200, "application/x-amz-json-1.0", body)(nil, r)
}

// TestUnprocessedBatches leaves batches unprocessed a few times, then for ever.
func TestUnprocessedBatches(t *testing.T) {
	t.Parallel()
	_, tab, w := filled(t, dynamo.Options{ConflictAttempts: 4}, 0)
	puts := []table.Item{item(80), item(81)}
	w.set(nil, unprocessed, unprocessed, unprocessed)
	items, err := tab.BatchGet(t.Context(), itemKeys(40), table.Strong)
	require.NoError(t, err)
	require.Len(t, items, 40)
	w.set(unprocessed)
	_, err = tab.BatchGet(t.Context(), itemKeys(40), table.Strong)
	require.ErrorIs(t, err, table.ErrThrottled)
	require.ErrorIs(t, tab.BatchWrite(t.Context(), puts, nil), table.ErrThrottled)
	require.Equal(t, 8, w.count())
	w.set(nil, unprocessed, unprocessed, unprocessed)
	require.NoError(t, tab.BatchWrite(t.Context(), puts, itemKeys(1)))
	require.Len(t, contents(t, tab), 41)
}

// TestChecksum has an answer of which a digit has changed on its way.
func TestChecksum(t *testing.T) {
	t.Parallel()
	_, tab, w := filled(t, dynamo.Options{}, 0)
	flip := func(w *wire, r *http.Request) (*http.Response, error) {
		res, err := w.inner.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		_ = res.Body.Close()
		res.Header.Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE(body)))
		res.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte(`"N":"7"`), []byte(`"N":"8"`), 1)))
		return res, nil
	}
	w.set(nil, flip)
	it, ok, err := tab.Get(t.Context(), item(7).Key, table.Strong)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, item(7), it)
	require.Equal(t, 2, w.count(), "tried again")
}

// TestConfigureTimeout: the SDK's HTTP client waits for ever by default.
func TestConfigureTimeout(t *testing.T) {
	t.Parallel()
	o := dynamodb.Options{HTTPClient: awshttp.NewBuildableClient()}
	dynamo.Configure(&o)
	require.Equal(t, dynamo.DefaultTryTimeout, o.HTTPClient.(*awshttp.BuildableClient).GetTimeout())
}
