package main

import (
	"fmt"
	"image/color"
	"os"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// plot draws wall time over the number of resources, a panel for each step.
func (r *report) plot(name string) error {
	const columns, rows = 2, 2
	width, height := 12*vg.Inch, 9*vg.Inch
	panels := make([][]*plot.Plot, rows)
	for i, step := range []string{stepApply, stepNoOp, stepChange, stepDestroy} {
		panel, err := r.panel(step)
		if err != nil {
			return err
		}
		panels[i/columns] = append(panels[i/columns], panel)
	}
	canvas := vgsvg.New(width, height)
	const between, around = vg.Inch / 4, vg.Inch / 8
	tiles := draw.Tiles{
		Rows: rows, Cols: columns, PadX: between, PadY: between, PadTop: around, PadBottom: around, PadLeft: around, PadRight: around,
	}
	canvases := plot.Align(panels, tiles, draw.New(canvas))
	for i := range panels {
		for j, panel := range panels[i] {
			panel.Draw(canvases[i][j])
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

var colors = []color.Color{
	color.RGBA{A: 255, R: 110, G: 110, B: 110},
	color.RGBA{A: 255, R: 220, G: 140},
	color.RGBA{A: 255, R: 20, G: 90, B: 200},
	color.RGBA{A: 255, R: 20, G: 150, B: 90},
	color.RGBA{A: 255, R: 180, G: 40, B: 120},
	color.RGBA{A: 255, R: 90, G: 60, B: 180},
}

// panel is one step: a line for each workload and latency. The floor and the bare provider make no requests, so their latency is nobody's.
func (r *report) panel(step string) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = step
	p.X.Label.Text, p.Y.Label.Text = "resources", "seconds"
	p.Legend.Top, p.Legend.Left = true, true
	p.Title.TextStyle.Font.Size, p.Legend.TextStyle.Font.Size = font.Points(13), font.Points(10)
	p.Add(plotter.NewGrid())
	lines := map[string]plotter.XYs{}
	var names []string
	for _, one := range r.Results {
		if one.Step != step || one.RequestsPerSecond > 0 || one.Workload == mixed.Name {
			continue
		}
		label := one.Workload
		if label == ours.Name {
			label = fmt.Sprintf("%s, %d ms", label, one.LatencyMS)
		}
		if lines[label] == nil {
			names = append(names, label)
		}
		lines[label] = append(lines[label], plotter.XY{X: float64(one.Resources), Y: one.Seconds})
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	for i, label := range names {
		points := mergeX(lines[label])
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, fmt.Errorf("plot %s: %w", label, err)
		}
		line.Color, dots.Color = colors[i%len(colors)], colors[i%len(colors)]
		line.Width, dots.Shape = vg.Points(1.5), draw.CircleGlyph{}
		p.Add(line, dots)
		p.Legend.Add(label, line, dots)
	}
	p.Y.Min, p.X.Min = 0, 0
	return p, nil
}

func rank(label string) int {
	switch label {
	case floor.Name:
		return 0
	case bare.Name:
		return 1
	}
	return 2 + len(label)
}

// mergeX gives one point for each size: the median where there are several.
func mergeX(points plotter.XYs) plotter.XYs {
	bySize := map[float64][]float64{}
	for _, p := range points {
		bySize[p.X] = append(bySize[p.X], p.Y)
	}
	var out plotter.XYs
	for x, ys := range bySize {
		out = append(out, plotter.XY{X: x, Y: median(ys)})
	}
	slices.SortFunc(out, func(a, b plotter.XY) int { return int(a.X - b.X) })
	return out
}
