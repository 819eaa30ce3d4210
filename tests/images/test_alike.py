"""Label files of several kinds have one numbering, and keep what they mean."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

import explorer as ex
from explorer.images.alike import LabelFile
from explorer.images.labelings import label_set, open_labels, truth_like
from explorer.scenes.collection import labeled_images

RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 128, 0), (0, 0, 255), (0, 0, 0)

TRUTH = np.repeat(np.array([[0, 0, 1, 1, 2, 2]] * 2), 2, axis=0)


def palette(code, colors):
    picture = Image.fromarray(np.asarray(code, np.uint8), mode="P")
    picture.putpalette([part for color in colors for part in color])
    return picture


def colored(truth, colors):
    return Image.fromarray(np.array(colors, np.uint8)[truth])


def found(folder, *pictures, ignore=(), values=None, suffix="png"):
    """The label set of pictures, through files."""
    files = []
    for k, picture in enumerate(pictures):
        path = folder / f"{k}.{suffix}"
        picture.save(path)
        files.append(open_labels(path, "labels"))
    return label_set(files, ignore, values)


def test_palettes_that_agree_keep_their_indices(tmp_path):
    colors = [BLACK, RED, BLUE, GREEN]
    sets = found(tmp_path, palette(TRUTH + 1, colors), palette(TRUTH, colors))
    np.testing.assert_array_equal(sets.values, [[0], [1], [2], [3]])
    np.testing.assert_array_equal(sets.colors, colors)
    for truth, code in zip(sets.truths, (TRUTH + 1, TRUTH), strict=True):
        np.testing.assert_array_equal(truth, code)


def test_palettes_may_differ_in_what_is_not_used(tmp_path):
    one, two = (
        palette(TRUTH, [RED, GREEN, BLUE]),
        palette(TRUTH, [RED, GREEN, BLUE, RED]),
    )
    np.testing.assert_array_equal(found(tmp_path, one, two).values, [[0], [1], [2]])


@pytest.mark.parametrize("order", [[2, 1, 0], [1, 2, 0]])
def test_palettes_that_disagree_are_matched_by_color(tmp_path, order):
    colors = np.array([RED, GREEN, BLUE])
    other = np.argsort(order)[TRUTH]  # the same picture by other indices
    sets = found(tmp_path, palette(TRUTH, colors), palette(other, colors[order]))
    np.testing.assert_array_equal(sets.truths[0], sets.truths[1])
    np.testing.assert_array_equal(colors[TRUTH], sets.values[sets.truths[0]])
    assert sets.colors is None  # the values are the colors


def test_one_color_at_two_places_of_two_palettes_is_one_label(tmp_path):
    whole = np.zeros((2, 2), int)
    one, two = palette(whole, [RED, BLUE]), palette(whole + 1, [BLUE, RED])
    sets = found(tmp_path, one, two)
    np.testing.assert_array_equal(sets.values, [RED])


def test_palettes_beside_colors_are_colors(tmp_path):
    colors = [RED, GREEN, BLUE]
    sets = found(tmp_path, palette(TRUTH, colors), colored(TRUTH, colors))
    np.testing.assert_array_equal(sets.truths[0], sets.truths[1])


def test_labels_that_no_color_tells_apart_are_refused(tmp_path):
    one, two = palette(TRUTH, [RED, RED, BLUE]), palette(TRUTH, [BLUE, RED, GREEN])
    with pytest.raises(ValueError, match=r"0.png' has two palette entries of on"):
        found(tmp_path, one, two)
    short = LabelFile("s.png", "labels", TRUTH[..., None], np.array([RED, GREEN]))
    with pytest.raises(ValueError, match="palette index 2, but its palette has 2 colo"):
        label_set([short])


@pytest.mark.parametrize(
    ("numbers", "white"), [([0, 1], 1), ([0, 255], 255), ([0, 1, 2], 1), ([0, 7], 255)]
)
def test_a_bit_is_what_it_is_in_the_other_files(tmp_path, numbers, white):
    code = np.array(numbers, np.uint8)[TRUTH % len(numbers)]
    bits = Image.fromarray(TRUTH > 0)
    for pictures in ([bits, Image.fromarray(code)], [Image.fromarray(code), bits]):
        sets = found(tmp_path, *pictures)
        values = sets.values[:, 0].tolist()
        assert values == sorted({*numbers, white})
        truth = sets.truths[pictures.index(bits)]
        np.testing.assert_array_equal(np.array(values)[truth], white * (TRUTH > 0))


def test_a_bit_that_may_be_two_labels_is_refused(tmp_path):
    code = np.array([0, 1, 255], np.uint8)[TRUTH]
    bits, bytes_ = Image.fromarray(TRUTH > 0), Image.fromarray(code)
    with pytest.raises(ValueError, match=r"0.png' has one bit per pixel, and other"):
        found(tmp_path, bits, bytes_)
    sets = found(tmp_path, bits, bytes_, ignore=[(255,)])
    np.testing.assert_array_equal(sets.values, [[0], [1]])


def test_a_file_of_colors_may_hold_gray_alone(tmp_path):
    gray = [(128, 128, 128)]
    sets = found(tmp_path, colored(TRUTH, [RED, *gray, BLUE]), colored(0 * TRUTH, gray))
    assert (sets.truths[1] == sets.truths[0][0, 2]).all()
    small = Image.fromarray(np.full((2, 2), 128, np.uint8))  # as optimizers store it
    sets = found(tmp_path, colored(TRUTH, [RED, *gray, BLUE]), small)
    assert (sets.truths[1] == sets.truths[0][0, 2]).all()
    strange = Image.fromarray(np.full((2, 2), 1, np.uint8))
    with pytest.raises(ValueError, match=r"1.png' is gray while others have colors"):
        found(tmp_path, colored(TRUTH, [RED, *gray, BLUE]), strange)


def test_colors_may_differ_in_alpha_alone(tmp_path):
    colors = [(9, 9, 9, 0), (9, 9, 9, 100), (9, 9, 9, 255)]
    sets = found(tmp_path, colored(TRUTH, colors), colored(0 * TRUTH, [(9, 9, 9)]))
    np.testing.assert_array_equal(sets.truths[0], TRUTH)
    assert (sets.truths[1] == 2).all()  # opaque
    assert len(sets.values) == 3


@pytest.mark.parametrize(
    ("pictures", "ignore"),
    [
        ([Image.fromarray(np.array([0, 1, 255], np.uint8)[TRUTH])], [(255,)]),
        ([palette(TRUTH, [RED, GREEN, BLUE])], [(2,)]),
        ([palette(TRUTH, [RED, GREEN, BLUE])], [BLUE]),
        ([colored(TRUTH, [RED, GREEN, BLUE])], [BLUE]),
        ([colored(TRUTH, [RED, GREEN, (255, 255, 255)])], [(255,)]),
        ([Image.fromarray(np.array([0, 1, 255], np.uint8)[TRUTH])], [(255, 255, 255)]),
        (
            [palette(TRUTH, [RED, GREEN, BLUE]), palette(TRUTH, [GREEN, RED, BLUE])],
            [BLUE],
        ),
        ([colored(TRUTH, [(1, 2, 3, 9), (*RED, 255), (1, 2, 3, 4)])], [(1, 2, 3, 4)]),
        ([Image.fromarray(np.array([0, 1, 7], np.uint8)[TRUTH])], [(7,), (8,), BLUE]),
    ],
)  # fmt: skip
def test_what_is_ignored_is_no_label(tmp_path, pictures, ignore):
    sets = found(tmp_path, *pictures, ignore=ignore)
    assert len(sets.values) == 2
    for truth in sets.truths:
        np.testing.assert_array_equal(truth < 0, TRUTH == 2)
        np.testing.assert_array_equal(np.unique(truth), [-1, 0, 1])


def test_a_file_without_any_label_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`ignore` must leave a label in each file"):
        found(tmp_path, Image.new("L", (2, 2), 255), ignore=[(255,)])


def test_values_may_be_listed_in_order(tmp_path):
    code = Image.fromarray(np.array([0, 9, 5], np.uint8)[TRUTH])
    sets = found(tmp_path, code, values=[9, 5, 0])
    np.testing.assert_array_equal(sets.truths[0], np.array([2, 0, 1])[TRUTH])
    with pytest.raises(ValueError, match="holds 5, which is no label; the labels"):
        found(tmp_path, code, values=[0, 9])
    sets = found(tmp_path, colored(TRUTH, [RED, GREEN, BLUE]),
                 values=["#0000ff", "#ff0000", "#008000"])  # fmt: skip
    np.testing.assert_array_equal(sets.truths[0], np.array([1, 2, 0])[TRUTH])


def test_values_may_be_colors_of_a_palette(tmp_path):
    picture = palette(TRUTH, [RED, GREEN, BLUE])
    sets = found(tmp_path, picture, values=["#0000ff", 0, "1"])
    np.testing.assert_array_equal(sets.truths[0], np.array([1, 2, 0])[TRUTH])
    np.testing.assert_array_equal(sets.colors, [BLUE, RED, GREEN])
    with pytest.raises(ValueError, match="`ignore` must not name what `values` lists"):
        found(tmp_path, Image.fromarray(TRUTH.astype(np.uint8)), values=[0, 1, 2],
              ignore=[(1,)])  # fmt: skip


@pytest.mark.parametrize("suffix", ["pbm", "png", "tif", "bmp"])
def test_white_bits_are_one_whatever_the_format(tmp_path, suffix):
    Image.fromarray((TRUTH % 2).astype(np.uint8)).save(tmp_path / "bytes.png")
    Image.fromarray(TRUTH % 2 > 0).save(tmp_path / f"bits.{suffix}")
    files = [
        open_labels(tmp_path / n, "labels") for n in ("bytes.png", f"bits.{suffix}")
    ]
    sets = label_set(files)
    np.testing.assert_array_equal(sets.truths[0], sets.truths[1])
    assert len(sets.values) == 2


def test_a_palette_of_grays_beside_gray_files_is_gray(tmp_path):
    gray = Image.fromarray(np.array([0, 100, 255], np.uint8)[TRUTH])
    gray.save(tmp_path / "a.png")
    gray.save(tmp_path / "b.gif")  # numbers the gray values
    files = [open_labels(tmp_path / name, "labels") for name in ("a.png", "b.gif")]
    sets = label_set(files)
    np.testing.assert_array_equal(sets.values, [[0], [100], [255]])
    np.testing.assert_array_equal(sets.truths[0], sets.truths[1])


def test_a_truth_is_read_by_what_a_model_calls_its_labels(tmp_path):
    values, colors = np.array([[1], [2], [4]]), np.array([RED, GREEN, BLUE])

    def read(picture):
        picture.save(tmp_path / "t.png")
        return truth_like(open_labels(tmp_path / "t.png", "truth"), values, colors)

    same = [BLACK, RED, GREEN, BLACK, BLUE]
    np.testing.assert_array_equal(read(palette(values[TRUTH][..., 0], same)), TRUTH)
    turned = palette(2 - TRUTH, [BLUE, GREEN, RED])  # the colors, by other indices
    np.testing.assert_array_equal(read(turned), TRUTH)
    np.testing.assert_array_equal(read(colored(TRUTH, colors)), TRUTH)
    gray = Image.fromarray(values[TRUTH][..., 0].astype(np.uint8))
    np.testing.assert_array_equal(read(gray), TRUTH)


def scene_files(folder, truth, **options):
    """An image and a label file, with numbers as they are."""
    image = Image.fromarray((TRUTH * 50).astype(np.uint8))
    image.save(folder / "a.png", **options.pop("image", {}))
    tifffile.imwrite(folder / "l.tif", truth, **options)
    return [folder / "a.png"], [folder / "l.tif"]


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i4", "i8", ">u2", ">i4"])
def test_whole_numbers_of_any_type_are_labels(tmp_path, dtype):
    (scene,) = labeled_images(*scene_files(tmp_path, TRUTH.astype(dtype)))
    np.testing.assert_array_equal(scene.labels, TRUTH)
    np.testing.assert_array_equal(scene.label_values, [[0], [1], [2]])


@pytest.mark.parametrize("value", [-1, 2**16, 2**32 + 1, 2**62])
def test_numbers_beyond_16_bits_are_no_labels(tmp_path, value):
    files = scene_files(tmp_path, np.where(TRUTH == 1, value, TRUTH).astype(np.int64))
    with pytest.raises(ValueError, match="labels are integers from 0 to 65535"):
        labeled_images(*files)


LOSSY = {
    "jpg": {}, "webp": {"quality": 80}, "tif": {"compression": "jpeg"},
    "jp2": {"irreversible": True}, "avif": {},
}  # fmt: skip


@pytest.mark.parametrize("suffix", LOSSY)
def test_files_that_lose_values_are_refused(tmp_path, suffix):
    Image.fromarray((TRUTH * 50).astype(np.uint8)).save(tmp_path / "a.png")
    picture = Image.fromarray((TRUTH * 50).astype(np.uint8)).convert("RGB")
    picture.save(tmp_path / f"l.{suffix}", **LOSSY[suffix])
    for read in (
        lambda: labeled_images([tmp_path / "a.png"], [tmp_path / f"l.{suffix}"]),
        lambda: ex.image_scene(tmp_path / "a.png", tmp_path / f"l.{suffix}"),
    ):
        with pytest.raises(ValueError, match=r"compression may be lossy.*save label"):
            read()


def exif(orientation):
    found = Image.Exif()
    found[274] = orientation
    return {"exif": found}


def turned(folder, image, labels, shape):
    """Files whose stored pixels are the same, with the orientations given."""
    code = np.zeros(shape, np.uint8)
    code[0] = 1
    for name, orientation in (("a", image), ("l", labels)):
        Image.fromarray(code).save(folder / f"{name}.png", **exif(orientation))
    return [folder / "a.png"], [folder / "l.png"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_labels_turn_with_their_image(tmp_path, orientation):
    files = turned(tmp_path, orientation, orientation, (3, 5))
    (scene,) = labeled_images(*files)
    np.testing.assert_array_equal(scene.image[..., 0] > 0, scene.labels)


@pytest.mark.parametrize(
    ("image", "labels", "shape"),
    [(6, 1, (3, 5)), (1, 8, (3, 5)), (3, 1, (3, 5)), (6, 1, (4, 4)), (2, 1, (3, 5))],
)
def test_labels_that_may_not_lie_on_their_image_are_refused(
    tmp_path, image, labels, shape
):
    files = turned(tmp_path, image, labels, shape)
    words = r"l.png' has .* stored .* \(EXIF orientation\).*a.png' and its labels uprig"
    with pytest.raises(ValueError, match=words):
        labeled_images(*files)
    with pytest.raises(ValueError, match=words):
        ex.image_scene(files[0][0], files[1][0])


def test_labels_drawn_upright_lie_on_a_turned_image(tmp_path):
    images, labels = turned(tmp_path, 6, 1, (3, 5))
    code = np.array(Image.open(labels[0]).rotate(-90, expand=True))
    Image.fromarray(code).save(labels[0])
    (scene,) = labeled_images(images, labels)
    np.testing.assert_array_equal(scene.image[..., 0] > 0, scene.labels)


def test_labels_on_their_side_are_said_to_be(tmp_path):
    images, labels = scene_files(tmp_path, TRUTH.T.astype(np.uint8))
    with pytest.raises(ValueError, match="one of them is rotated by 90°; turn it back"):
        labeled_images(images, labels)
