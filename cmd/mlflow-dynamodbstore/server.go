//nolint:wrapcheck // errors of packages that say enough by themselves become the one line that is printed
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// serverOptions are the flags of the server command. They mean what they mean
// to `mlflow server`.
type serverOptions struct {
	backendStoreURI      string
	defaultArtifactRoot  string
	artifactsDestination string
	serveArtifacts       bool
	noServeArtifacts     bool
	host                 string
	port                 int
	allowedHosts         string
	corsAllowedOrigins   string
	xFrameOptions        string
	staticPrefix         string
	uiDir                string
	truncateLongValues   bool
	maxBodyMB            int
	bodyMemoryMB         int
	maxRequests          int
	logLevel             string
	logFormat            string
	workers              int
	gcEvery              time.Duration
	enableWorkspaces     bool
}

func (o *serverOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.backendStoreURI, "backend-store-uri", "local:./mlflow-table",
		"table: dynamodb://<region>/<table>, local:<directory> or local::memory:")
	f.StringVar(&o.defaultArtifactRoot, "default-artifact-root", "",
		"where new experiments keep artifacts (default mlflow-artifacts:/, or ./mlruns when artifacts are not served)")
	f.StringVar(&o.artifactsDestination, "artifacts-destination", "./mlartifacts",
		"where served artifacts are stored: a directory or s3://<bucket>/<prefix>")
	f.BoolVar(&o.serveArtifacts, "serve-artifacts", true, "serve artifacts through the server")
	f.BoolVar(&o.noServeArtifacts, "no-serve-artifacts", false, "leave artifacts to the clients")
	f.StringVar(&o.host, "host", "127.0.0.1", "address to listen on")
	f.IntVarP(&o.port, "port", "p", 5000, "port to listen on; 0 picks a free one")
	f.StringVar(&o.allowedHosts, "allowed-hosts", "",
		"Host headers to answer, separated by commas, * for any text (default localhost and private addresses)")
	f.StringVar(&o.corsAllowedOrigins, "cors-allowed-origins", "",
		"origins whose pages may use the API, separated by commas (default localhost)")
	f.StringVar(&o.xFrameOptions, "x-frame-options", "SAMEORIGIN", "X-Frame-Options header: DENY, SAMEORIGIN or NONE")
	f.StringVar(&o.staticPrefix, "static-prefix", "", "prefix of all paths, such as /mlflow")
	f.StringVar(&o.uiDir, "ui-dir", "", "directory with MLflow's web UI, made by make ui (default no UI)")
	f.BoolVar(&o.truncateLongValues, "truncate-long-values", true, "cut params and tags that are too long instead of refusing them")
	f.IntVar(&o.maxBodyMB, "max-body-mb", rest.DefaultMaxBody>>20, "largest JSON request in MiB; artifacts have no limit")
	f.IntVar(&o.bodyMemoryMB, "body-memory-mb", 0,
		"memory for all JSON requests that arrive at a time, in MiB; further ones wait for two seconds, then get status 429 "+
			"(default half as much again as --max-body-mb)")
	f.IntVar(&o.maxRequests, "max-requests", rest.DefaultMaxRequests,
		"JSON requests under way at a time; further ones wait for two seconds, then get status 429")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error; debug logs each request")
	f.StringVar(&o.logFormat, "log-format", "text", "text or json")
	f.DurationVar(&o.gcEvery, "gc-every", 0, "collect garbage as the gc command does, this often, such as 24h; 0: never")
	f.BoolVar(&o.enableWorkspaces, "enable-workspaces", false,
		"let clients choose among workspaces, whose experiments, models and artifacts are apart")
	f.IntVarP(&o.workers, "workers", "w", 0, "ignored: one process uses all cores")
}

// serverEnv maps flags to the variables that MLflow has for them, and one of
// our own.
func serverEnv() map[string]string {
	return map[string]string{
		"backend-store-uri":     "MLFLOW_BACKEND_STORE_URI",
		"default-artifact-root": "MLFLOW_DEFAULT_ARTIFACT_ROOT",
		"artifacts-destination": "MLFLOW_ARTIFACTS_DESTINATION",
		"serve-artifacts":       "MLFLOW_SERVE_ARTIFACTS",
		"host":                  "MLFLOW_HOST",
		"port":                  "MLFLOW_PORT",
		"allowed-hosts":         "MLFLOW_SERVER_ALLOWED_HOSTS",
		"cors-allowed-origins":  "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
		"x-frame-options":       "MLFLOW_SERVER_X_FRAME_OPTIONS",
		"static-prefix":         "MLFLOW_STATIC_PREFIX",
		"ui-dir":                "MLFLOW_UI_DIR",
		"truncate-long-values":  "MLFLOW_TRUNCATE_LONG_VALUES",
		"workers":               "MLFLOW_WORKERS",
		"enable-workspaces":     "MLFLOW_ENABLE_WORKSPACES",
	}
}

func newServerCmd(d deps) *cobra.Command {
	var o serverOptions
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Run the tracking server",
		Example: "  mlflow-dynamodbstore server --backend-store-uri local:./mlflow-table\n" +
			"  mlflow-dynamodbstore server --backend-store-uri dynamodb://us-east-1/my-table --artifacts-destination s3://my-bucket/mlflow",
		Args: cobra.NoArgs,
		RunE: runE(func(cmd *cobra.Command) error {
			if err := d.refuseVariables(); err != nil {
				return misuse{err}
			}
			if err := bindEnv(cmd.Flags(), serverEnv(), d.env); err != nil {
				return err
			}
			if err := o.validate(); err != nil {
				return misuse{err}
			}
			return o.run(cmd.Context(), d)
		}),
	}
	o.addFlags(cmd.Flags())
	cmd.SetFlagErrorFunc(explainFlag)
	cmd.MarkFlagsMutuallyExclusive("serve-artifacts", "no-serve-artifacts")
	return cmd
}

func (o *serverOptions) validate() error {
	var errs []error
	if o.port < 0 || o.port > 65535 {
		errs = append(errs, fmt.Errorf("--port %d is not between 0 and 65535", o.port))
	}
	if p := o.staticPrefix; p != "" && (p[0] != '/' || strings.HasSuffix(p, "/") || strings.ContainsAny(p, "{}")) {
		errs = append(errs, errors.New("--static-prefix must begin with a '/', must not end with one, and must not contain '{' or '}'"))
	}
	if o.maxBodyMB < 1 {
		errs = append(errs, errors.New("--max-body-mb must be positive"))
	}
	if o.bodyMemoryMB != 0 && int64(o.bodyMemoryMB)<<20 < rest.LeastBodyMemory(int64(o.maxBodyMB)<<20) {
		errs = append(errs, errors.New("--body-memory-mb must be half as much again as --max-body-mb at least, and 2"))
	}
	if o.maxRequests < 1 {
		errs = append(errs, errors.New("--max-requests must be positive"))
	}
	if o.gcEvery < 0 {
		errs = append(errs, errors.New("--gc-every must not be negative"))
	}
	if o.logFormat != "text" && o.logFormat != "json" {
		errs = append(errs, fmt.Errorf("--log-format %q is neither text nor json", o.logFormat))
	}
	if err := new(slog.Level).UnmarshalText([]byte(o.logLevel)); err != nil {
		errs = append(errs, fmt.Errorf("--log-level %q is none of debug, info, warn and error", o.logLevel))
	}
	return errors.Join(errs...)
}

func (o *serverOptions) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(o.logLevel)) // validate has tried it
	opts := &slog.HandlerOptions{Level: level}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// run serves until ctx ends.
func (o *serverOptions) run(ctx context.Context, d deps) (err error) {
	tuneGC(d.env, o.bodyMemory())
	log := o.logger(d.stderr)
	o.serveArtifacts = o.serveArtifacts && !o.noServeArtifacts
	root, err := o.artifactRoot()
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(o.host, strconv.Itoa(o.port)))
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the server closes it first
	handlerOptions, used, err := o.handlerOptions(ctx, root, log, d)
	defer func() { err = errors.Join(err, used.close()) }()
	if err != nil {
		return err
	}
	service, err := startService(ctx, log, o.reopens(), func(ctx context.Context) (*served, error) {
		return o.open(ctx, root, handlerOptions, log, d)
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	if err := o.announce(d.stdout, listener.Addr()); err != nil {
		return err
	}
	return serve(ctx, listener, service, log)
}

// open opens the store and what works on it.
func (o *serverOptions) open(
	ctx context.Context, root string, opts []rest.Option, log *slog.Logger, d deps,
) (*served, error) {
	store, err := openStore(ctx, o.backendStoreURI, dynamodbstore.WithLogger(log), dynamodbstore.WithArtifactRoot(root),
		dynamodbstore.WithTruncateLongValues(o.truncateLongValues), dynamodbstore.WithEnvironment(d.env),
		dynamodbstore.WithWorkspaceRoots(o.enableWorkspaces))
	if err != nil {
		return nil, err
	}
	more, err := o.workspaceOptions(ctx, store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	handler, err := rest.NewHandler(store, append(slices.Clip(opts), more...)...)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &served{Handler: handler, store: store, stopCollecting: o.collect(ctx, store, log, d)}, nil
}

// reopens reports whether a table that has failed is opened anew: one in
// memory would come back empty.
func (o *serverOptions) reopens() bool {
	dir, ok := strings.CutPrefix(o.backendStoreURI, "local:")
	return ok && dir != local.Memory
}

// bodyMemory is what the bodies of requests may take, in bytes.
func (o *serverOptions) bodyMemory() int64 {
	if o.bodyMemoryMB == 0 {
		return rest.LeastBodyMemory(int64(o.maxBodyMB) << 20)
	}
	return int64(o.bodyMemoryMB) << 20
}

// gcUnits bounds the units that a server's collections spend in a second.
const gcUnits = 500

// collect collects garbage now and then, if that is asked for, until the
// returned function is called, which waits for a pass under way to stop.
func (o *serverOptions) collect(ctx context.Context, store *dynamodbstore.Store, log *slog.Logger, d deps) (stop func()) {
	if o.gcEvery == 0 {
		return func() {}
	}
	remover := &artifactRemover{buckets: newBucketOpener(d.env), log: log}
	if o.serveArtifacts {
		remover.destination = o.artifactsDestination
	}
	var p dynamodbstore.GCParams
	if !strings.HasPrefix(o.backendStoreURI, "local:") {
		p.UnitsPerSecond = gcUnits
	}
	all := workspaceFlags{all: o.enableWorkspaces}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		collectEvery(ctx, o.gcEvery, func(ctx context.Context) {
			collectAll(ctx, store, all, p, remover, log)
		})
	}()
	return func() { cancel(); <-done }
}

// closers are closed together.
type closers []io.Closer

func (c closers) close() error {
	errs := make([]error, len(c))
	for i, closer := range c {
		errs[i] = closer.Close()
	}
	return errors.Join(errs...)
}

// handlerOptions are those of the handler. What they use is to be closed even
// after an error.
func (o *serverOptions) handlerOptions(
	ctx context.Context, root string, log *slog.Logger, d deps,
) (opts []rest.Option, used closers, err error) {
	buckets := newBucketOpener(d.env)
	transfers, err := transferOptions(d.env)
	if err != nil {
		return nil, nil, err
	}
	limits, err := graphLimits(d.env)
	if err != nil {
		return nil, nil, err
	}
	schemes, _ := d.env("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES")
	opts = []rest.Option{
		rest.WithLogger(log),
		rest.WithMeter(meterRequest),
		rest.WithMaxBody(int64(o.maxBodyMB) << 20),
		rest.WithBodyMemory(o.bodyMemory()),
		rest.WithMaxRequests(o.maxRequests),
		limits,
		rest.WithStaticPrefix(o.staticPrefix),
		rest.WithBuckets(buckets.openForClient),
		rest.WithTrustedRoots(root, o.artifactsDestination),
		rest.WithHostSchemes(splitList(schemes)...),
		rest.WithAllowedHosts(splitList(o.allowedHosts)...),
		rest.WithAllowedOrigins(splitList(o.corsAllowedOrigins)...),
		rest.WithFrameOptions(o.xFrameOptions),
	}
	if o.uiDir != "" {
		ui, err := openUI(o.uiDir)
		if err != nil {
			return nil, used, err
		}
		used = append(used, ui)
		opts = append(opts, rest.WithUI(ui.FS()))
	}
	var direct rest.Direct
	if o.serveArtifacts {
		bucket, err := buckets.destination(ctx, o.artifactsDestination)
		if err != nil {
			return nil, used, fmt.Errorf("artifacts destination %s: %w", o.artifactsDestination, err)
		}
		used = append(used, bucket)
		opts = append(opts, rest.WithArtifacts(bucket))
		if direct, err = buckets.direct(ctx, o.artifactsDestination); err != nil {
			return nil, used, fmt.Errorf("artifacts destination %s: %w", o.artifactsDestination, err)
		}
	}
	return append(append(opts, transfers...), rest.WithDirect(direct, buckets.directForClient)), used, nil
}

// artifactRoot returns the root for the artifacts of new experiments.
func (o *serverOptions) artifactRoot() (string, error) {
	switch {
	case o.defaultArtifactRoot == "" && o.serveArtifacts:
		return "mlflow-artifacts:/", nil
	case o.defaultArtifactRoot == "":
		return filepath.Abs("mlruns")
	case !strings.Contains(o.defaultArtifactRoot, ":"):
		return filepath.Abs(o.defaultArtifactRoot)
	}
	return o.defaultArtifactRoot, nil
}

func openStore(ctx context.Context, uri string, opts ...dynamodbstore.Option) (*dynamodbstore.Store, error) {
	if dir, ok := strings.CutPrefix(uri, "local:"); ok {
		return local.Open(ctx, dir, opts...)
	}
	return dynamodbstore.Open(ctx, uri, opts...)
}

// announce writes the one line that tells where the server is.
func (o *serverOptions) announce(w io.Writer, addr net.Addr) error {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	url := "http://" + net.JoinHostPort(host, port) + o.staticPrefix
	artifacts := "no artifacts"
	if o.serveArtifacts {
		artifacts = "artifacts in " + o.artifactsDestination
	}
	_, err = fmt.Fprintf(w, "Serving %s with %s; use MLFLOW_TRACKING_URI=%s\n", withoutUser(o.backendStoreURI), artifacts, url)
	return err
}

// withoutUser drops the user and password of a URI.
func withoutUser(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if i := strings.LastIndexByte(rest, '@'); ok && i >= 0 {
		return scheme + "://" + rest[i+1:]
	}
	return uri
}
