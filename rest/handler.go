package rest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"gocloud.dev/blob"
)

// Version is the version of MLflow that the handler answers as.
const Version = "3.18.0"

// DefaultMaxBody is the size that the body of a JSON request may have. It has
// room for a run's inputs with several datasets that fill all their limits.
const DefaultMaxBody = 128 << 20

// Option configures a handler.
type Option func(*config)

type config struct {
	log            *slog.Logger
	maxBody        int64
	maxRequests    int
	bodyMemory     int64
	staticPrefix   string
	destination    *blob.Bucket
	direct         Direct
	openDirect     DirectOpener
	offerUploads   bool
	offerDownloads bool
	presignedOnly  bool
	urlLife        time.Duration
	buckets        BucketOpener
	artifactRoots  []string
	hostSchemes    []string
	allowedHosts   []string
	allowedOrigins []string
	frameOptions   string
	ui             fs.FS
	graphLimits    graphLimits
	newMeter       func(context.Context) (context.Context, func() []slog.Attr)
	workspaces     workspaceDirectory // nil: there are none
	openWorkspace  func(ctx context.Context, name string) (Store, error)
}

// WithLogger sets the logger of requests and failures. The default drops them.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// WithMaxBody sets how large the body of a JSON request may be, in bytes. The
// default is [DefaultMaxBody]. Artifacts have no limit: they are streamed.
func WithMaxBody(n int64) Option { return func(c *config) { c.maxBody = n } }

// WithBodyMemory sets how many bytes the bodies of all JSON requests under way
// may take together. One that finds no room waits for two seconds at most and is
// then refused with status 429, which clients repeat. Large bodies leave a third
// of it to those of up to 1 MiB, and those of up to 4 KiB are not counted. The
// default is [LeastBodyMemory], half as much again as the largest body.
func WithBodyMemory(n int64) Option { return func(c *config) { c.bodyMemory = n } }

// WithMaxRequests sets how many JSON requests are worked on at a time. Further
// ones wait for two seconds at most and are then refused with status 429, which
// clients repeat. The default is [DefaultMaxRequests]. Transfers of artifacts and
// health checks do not count.
func WithMaxRequests(n int) Option { return func(c *config) { c.maxRequests = n } }

// WithStaticPrefix puts a prefix such as "/mlflow" before the paths of all
// endpoints. The default is none.
func WithStaticPrefix(prefix string) Option { return func(c *config) { c.staticPrefix = prefix } }

// WithArtifacts lets the handler serve artifacts of mlflow-artifacts:/ from a
// bucket. The default is not to serve them.
func WithArtifacts(destination *blob.Bucket) Option {
	return func(c *config) { c.destination = destination }
}

// BucketOpener opens the storage that a URI or an absolute path names. The
// caller closes the bucket. A directory that does not exist is made, or else
// there is no bucket and no error.
type BucketOpener func(ctx context.Context, uri string, create bool) (*blob.Bucket, error)

// WithBuckets lets the handler list, send and store the artifacts of runs whose
// artifact URI is not one of mlflow-artifacts:/. The default is not to.
func WithBuckets(open BucketOpener) Option { return func(c *config) { c.buckets = open } }

// WithTrustedRoots names the artifact roots that the server was configured
// with. Experiments may be created with locations on their hosts.
func WithTrustedRoots(uris ...string) Option { return func(c *config) { c.artifactRoots = uris } }

// WithHostSchemes allows locations of experiments with some of the schemes that
// name the host to connect to, such as sftp. The default is none.
func WithHostSchemes(schemes ...string) Option { return func(c *config) { c.hostSchemes = schemes } }

// WithAllowedHosts sets the values of the Host header that are answered, where
// * stands for any text. The default is this machine and private addresses.
func WithAllowedHosts(hosts ...string) Option { return func(c *config) { c.allowedHosts = hosts } }

// WithAllowedOrigins sets the origins from which browsers may use the API, in
// addition to this machine. The default is none; "*" is all.
func WithAllowedOrigins(origins ...string) Option {
	return func(c *config) { c.allowedOrigins = origins }
}

// WithFrameOptions sets the X-Frame-Options header; "NONE" leaves it out. The
// default is SAMEORIGIN.
func WithFrameOptions(value string) Option { return func(c *config) { c.frameOptions = value } }

// WithUI lets the handler serve MLflow's web UI: index.html as the page of the
// root, and all files below /static-files/. Files must be seekable, as those of
// [os.Root] are. A file with .gz behind its name is sent instead to browsers
// that can unpack it. The default is a page that says that there is no UI.
func WithUI(files fs.FS) Option { return func(c *config) { c.ui = files } }

// WithMeter sets a function that prepares the context of each request, and
// returns one that tells, when the request is done, what it cost. The result
// is added to the access log if that is enabled for the level debug.
func WithMeter(start func(context.Context) (context.Context, func() []slog.Attr)) Option {
	return func(c *config) { c.newMeter = start }
}

type handler struct {
	config
	failures
	*router
	store  stores
	slots  chan struct{} // one for each request under way
	bodies bodyMemory
	absent map[string]string // sentences about paths that are not here, by how they begin
}

// NewHandler returns a handler of MLflow's REST API over a store.
func NewHandler(store Store, opts ...Option) (http.Handler, error) {
	h, err := newHandler(store, opts)
	if err != nil {
		return nil, err
	}
	return h.logged(h.withPath(h.guarded(h.inWorkspaces(http.HandlerFunc(h.route))))), nil
}

func newHandler(store Store, opts []Option) (*handler, error) {
	c := config{
		log: slog.New(slog.DiscardHandler), maxBody: DefaultMaxBody, maxRequests: DefaultMaxRequests, frameOptions: "SAMEORIGIN",
		urlLife: DefaultURLLife, graphLimits: graphLimits{DefaultGraphRootFields, DefaultGraphAliases},
	}
	for _, o := range opts {
		o(&c)
	}
	c.staticPrefix = strings.TrimRight(c.staticPrefix, "/")
	var errs []error
	if store == nil {
		errs = append(errs, errors.New("rest: no store"))
	}
	if c.staticPrefix != "" && c.staticPrefix[0] != '/' {
		errs = append(errs, errors.New("rest: the static prefix must begin with a slash"))
	}
	if c.maxBody <= 0 {
		errs = append(errs, errors.New("rest: the limit of bodies must be positive"))
	}
	if least := LeastBodyMemory(c.maxBody); c.bodyMemory == 0 {
		c.bodyMemory = least
	} else if c.bodyMemory < least {
		errs = append(errs, fmt.Errorf("rest: the memory for bodies must be %d bytes at least", least))
	}
	if c.maxRequests <= 0 {
		errs = append(errs, errors.New("rest: the limit of requests must be positive"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	h := &handler{
		config: c, failures: failures{c.log}, router: &router{prefix: c.staticPrefix, exact: make(map[string]*resource, 128)},
		store: stores{store, c.workspaces != nil}, slots: make(chan struct{}, c.maxRequests), bodies: newBodyMemory(c.bodyMemory),
	}
	if err := h.addRoutes(); err != nil {
		return nil, err
	}
	return h, nil
}
