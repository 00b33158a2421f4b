package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"image/color"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// plotFrom draws the plot of a report that was written before into a directory.
func plotFrom(results, dir string) error {
	content, err := os.ReadFile(results)
	if err != nil {
		return fmt.Errorf("read the results: %w", err)
	}
	var r report
	if err := json.Unmarshal(content, &r); err != nil {
		return fmt.Errorf("read the results: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the directory for the plot: %w", err)
	}
	return r.plot(filepath.Join(dir, "results.svg"))
}

// panel is one of the plot's diagrams: a figure of a step over the number of resources.
type panel struct {
	title, unit, step string
	figure            func(*result) float64
	fromZero          bool // the figure of few resources is next to nothing
}

func panels() []panel {
	wall := func(r *result) float64 { return r.Seconds }
	peak := func(r *result) float64 { return r.ProviderPeak }
	return []panel{
		{stepApply, "seconds", stepApply, wall, true},
		{stepNoOp, "seconds", stepNoOp, wall, true},
		{stepChange, "seconds", stepChange, wall, true},
		{stepDestroy, "seconds", stepDestroy, wall, true},
		{"provider's peak memory, " + stepApply, "MiB", stepApply, peak, false},
		{"provider's peak memory, " + stepNoOp, "MiB", stepNoOp, peak, false},
	}
}

// plot draws wall time and memory over the number of resources.
func (r *report) plot(name string) error {
	const columns, rows = 2, 3
	width, height := 12*vg.Inch, 13*vg.Inch
	grid := make([][]*plot.Plot, rows)
	for i, one := range panels() {
		drawn, err := r.draw(one)
		if err != nil {
			return err
		}
		grid[i/columns] = append(grid[i/columns], drawn)
	}
	canvas := vgsvg.New(width, height)
	const between, around, right = vg.Inch / 4, vg.Inch / 8, vg.Inch / 4 // half of the last label of an axis is right of it
	tiles := draw.Tiles{
		Rows: rows, Cols: columns, PadX: between, PadY: between, PadTop: around, PadBottom: around, PadLeft: around, PadRight: right,
	}
	canvases := plot.Align(grid, tiles, draw.New(canvas))
	for i := range grid {
		for j, drawn := range grid[i] {
			drawn.Draw(canvases[i][j])
		}
	}
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the plot: %w", err)
	}
	if _, err := canvas.WriteTo(file); err != nil {
		_ = file.Close()
		return fmt.Errorf("write the plot: %w", err)
	}
	return file.Close()
}

// line is whose figures a line joins. The floor and the bare provider make no requests, so their latency is nobody's: it is 0 in theirs.
type line struct {
	workload string
	latency  int
}

func (l line) label() string {
	if l.workload == ours.Name {
		return fmt.Sprintf("%s, %d ms", l.workload, l.latency)
	}
	return l.workload
}

// lines are the points of a panel, one for each size: the median where there are several.
func (r *report) lines(p panel) map[line]plotter.XYs {
	values := map[line]map[int][]float64{}
	for i := range r.Results {
		one := &r.Results[i]
		value := p.figure(one)
		if one.Step != p.step || one.RequestsPerSecond > 0 || one.Workload == mixed.Name || value <= 0 {
			continue
		}
		of := line{workload: one.Workload}
		if one.Workload == ours.Name {
			of.latency = one.LatencyMS
		}
		if values[of] == nil {
			values[of] = map[int][]float64{}
		}
		values[of][one.Resources] = append(values[of][one.Resources], value)
	}
	out := map[line]plotter.XYs{}
	for of, sizes := range values {
		for _, n := range slices.Sorted(maps.Keys(sizes)) {
			out[of] = append(out[of], plotter.XY{X: float64(n), Y: median(sizes[n])})
		}
	}
	return out
}

// look is how a line is drawn. Ours are dashed differently, as they may lie on one another.
type look struct {
	color  color.Color
	dashes []vg.Length
	shape  draw.GlyphDrawer
}

// looks are those of the floor, the bare provider, and ours from the least latency to the greatest.
var looks = []look{
	{color.RGBA{A: 255, R: 110, G: 110, B: 110}, nil, draw.CircleGlyph{}},
	{color.RGBA{A: 255, R: 220, G: 140}, nil, draw.CircleGlyph{}},
	{color.RGBA{A: 255, R: 200, G: 30, B: 110}, nil, draw.RingGlyph{}},
	{color.RGBA{A: 255, R: 20, G: 150, B: 90}, []vg.Length{7, 5}, draw.TriangleGlyph{}},
	{color.RGBA{A: 255, R: 20, G: 70, B: 210}, []vg.Length{2, 4}, draw.SquareGlyph{}},
	{color.RGBA{A: 255, R: 90, G: 60, B: 180}, []vg.Length{9, 3, 2, 3}, draw.CrossGlyph{}},
}

// order is the floor, the bare provider, and then ours by latency.
func order(a, b line) int {
	ranks := []string{floor.Name, bare.Name, ours.Name}
	return cmp.Or(cmp.Compare(slices.Index(ranks, a.workload), slices.Index(ranks, b.workload)), cmp.Compare(a.latency, b.latency))
}

func (r *report) draw(one panel) (*plot.Plot, error) {
	const title, text, apart, width, radius = 13, 10, 4, 1.5, 3 // points
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = one.title, "resources", one.unit
	p.Title.TextStyle.Font.Size, p.Legend.TextStyle.Font.Size = font.Points(title), font.Points(text)
	// The legend's texts are left-aligned wherever it is: what shows the plot may have a wider font than the one that is reckoned with here.
	p.Legend.Left, p.Legend.Padding, p.Legend.ThumbnailWidth = true, vg.Points(apart), vg.Inch/2
	if one.fromZero { // there is room at the left above the lines, and else at the right below them
		p.Legend.Top, p.Legend.XOffs, p.Legend.YOffs = true, vg.Points(apart), -vg.Points(apart)
	} else {
		const toTheRight = 3.3 * vg.Inch
		p.Legend.XOffs, p.Legend.YOffs = toTheRight, vg.Points(apart)
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{least: 1}, ticks{}
	p.Add(plotter.NewGrid())
	lines := r.lines(one)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 0
	ourOwn := 0
	for _, of := range slices.SortedFunc(maps.Keys(lines), order) {
		at := 0
		switch of.workload {
		case bare.Name:
			at = 1
		case ours.Name:
			at = 2 + ourOwn%(len(looks)-2)
			ourOwn++
		}
		path, dots, err := plotter.NewLinePoints(lines[of])
		if err != nil {
			return nil, fmt.Errorf("plot %s: %w", of.label(), err)
		}
		path.Color, path.Width, path.Dashes = looks[at].color, vg.Points(width), looks[at].dashes
		dots.Color, dots.Shape, dots.Radius = looks[at].color, looks[at].shape, vg.Points(radius)
		p.Add(path, dots)
		p.Legend.Add(of.label(), path, dots)
	}
	if p.Y.Max <= 0 {
		p.Y.Max = 1
	}
	return p, nil
}

// ticks are labelled at round numbers, whole ones with their thousands separated.
type ticks struct {
	least float64 // between two of them
}

// Ticks implements plot.Ticker.
func (t ticks) Ticks(low, high float64) []plot.Tick {
	const about = 6 // so many, or fewer
	step := math.Pow(10, math.Floor(math.Log10((high-low)/about)))
	for _, times := range []float64{1, 2, 5, 10} {
		if rounded := step * times; (high-low)/rounded <= about {
			step = rounded
			break
		}
	}
	step = max(step, t.least)
	var out []plot.Tick
	for i := math.Ceil(low / step); i*step <= high; i++ {
		value := i * step
		label := thousands(int(math.Round(value)))
		if step < 1 {
			label = strconv.FormatFloat(value, 'f', decimals(step), 64)
		}
		out = append(out, plot.Tick{Value: value, Label: label})
	}
	return out
}

// decimals is how many digits after the point a step below 1 needs.
func decimals(step float64) int {
	const rounding = 1e-9
	return int(math.Ceil(-math.Log10(step) - rounding))
}
