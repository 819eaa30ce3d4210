"""Images and label files find each other by name."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest
from PIL import Image

from explorer.images.pairs import paired
from explorer.scenes.collection import labeled_images

FOUND = [
    # numbers are numbers, whatever the order of the lists
    (["img_1", "img_2", "img_10"], ["label_01", "label_02", "label_10"]),
    (["img_1", "img_2", "img_10"], ["label_001", "label_002", "label_010"]),
    (["1", "2", "12"], ["gt1", "gt2", "gt12"]),
    # the common part leads, ends, or stands in between
    (["a_image", "b_image"], ["a_labels", "b_labels"]),
    (["a", "b"], ["a_l", "b_l"]),
    (["x/images/1", "y/images/1"], ["x/labels/1", "y/labels/1"]),
    (["images/1", "images/2"], ["labels/1", "labels/2"]),
    (["p1/image", "p2/image"], ["p1/labels", "p2/labels"]),
    (["val/images/1", "train/images/2"], ["val/masks/1_m", "train/masks/2_m"]),
    # real data sets
    (["21_training", "22_training"], ["21_manual1", "22_manual1"]),
    (["Image_01L", "Image_01R"], ["Image_01L_1stHO", "Image_01R_1stHO"]),
    (
        ["bonn_000000_000019_leftImg8bit", "jena_000000_000019_leftImg8bit"],
        ["bonn_000000_000019_gtFine_labelIds", "jena_000000_000019_gtFine_labelIds"],
    ),
    (["ISIC_0000000", "ISIC_0000001"], ["ISIC_0000000_seg", "ISIC_0000001_seg"]),
    # case, separators and folders count only where nothing else tells
    (["Cell-A", "Cell-B"], ["cell_a_mask", "cell_b_mask"]),
    (["imgA", "imgB"], ["labelA", "labelB"]),
    (["a", "A"], ["a_l", "A_l"]),
    (["i_1", "i_01"], ["l_1", "l_01"]),
    (["train/1", "test/2"], ["all/1", "all/2"]),
    (["scan.001", "scan.002"], ["labels.001", "labels.002"]),
    # one image and one label file need no names
    (["photo"], ["truth"]),
    (["IMG_1234"], ["truth"]),
]


def placed(folder, names, suffix=".png"):
    return [folder / f"{n}{'' if n[-1:].isdigit() and '.' in n else suffix}"
            for n in names]  # fmt: skip


@pytest.mark.parametrize(("images", "labels"), FOUND, ids=lambda names: names[0])
def test_an_image_meets_the_labels_of_its_name(tmp_path, images, labels):
    images, labels = placed(tmp_path, images), placed(tmp_path, labels, ".tif")
    for seed in range(4):
        mixed = random.Random(seed).sample(labels, len(labels))
        assert paired(images, mixed) == labels


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        ("abc", ["a_l", "c_l", "d_l"], "no label file for '.*b.png'; no image for '"),
        ("abc", ["a_l", "b_l"], "2 files for 3 `images`; no label file for '.*c.png'"),
        ("ab", ["a_l", "b_l", "d_l"], "3 files for 2 `images`; no image for '.*d_l"),
        ("ab", ["a_1", "a_2"], "no label file for '.*b.png'"),
        (["i_1", "i-1"], ["l_1", "l_2"], "one name for several images: '.*i_1.png'"),
        (["i_1", "i_2"], ["l_1", "l-1"], "one name for several label files: '.*l_1"),
        (["i_1"], ["l_2"], "whose numbers differ"),
        (["a_5", "b_5"], ["a_6", "b_6"], "whose numbers differ"),
        (["a_1", "a_2"], ["a_1", "b_2"], "no image for '.*b_2.png'"),
        (["i_1", "i_2"], ["l_10", "l_20"], "no label file for '.*i_1.png', '.*i_2"),
    ],
)
def test_what_has_no_partner_or_several_is_named(tmp_path, images, labels, words):
    with pytest.raises(ValueError, match=words):
        paired(placed(tmp_path, images), placed(tmp_path, labels))


def scene_files(folder, names):
    """Images that show their labels: the first is bright in one column, and so on."""
    images, labels = [], []
    for k, (image, label) in enumerate(names):
        truth = np.tile(np.arange(5) <= k, (4, 1)).astype(np.uint8)
        images.append(folder / f"{image}.png")
        labels.append(folder / f"{label}.png")
        Image.fromarray(200 * truth).save(images[-1])
        Image.fromarray(truth).save(labels[-1])
    return images, labels


def test_scenes_hold_the_labels_of_their_image(tmp_path):
    names = [("img_1", "label_01"), ("img_2", "label_02"), ("img_10", "label_10")]
    images, labels = scene_files(tmp_path, names)
    with pytest.warns(UserWarning, match=r"img_10.png' is paired with '.*label_10"):
        scenes = labeled_images(sorted(images), sorted(labels))
    assert [scene.attrs["scene"] for scene in scenes] == sorted(p.name for p in images)
    for scene in scenes:
        np.testing.assert_array_equal(scene.image[..., 0] > 0, scene.labels)


def test_a_dictionary_pairs_what_names_do_not(tmp_path):
    images, labels = scene_files(tmp_path, [("cat", "x7"), ("dog", "y3")])
    with pytest.raises(ValueError, match="no label file for"):
        labeled_images(images, labels)
    known = dict(zip(images, labels, strict=True))
    for scene in labeled_images(images[::-1], known):
        np.testing.assert_array_equal(scene.image[..., 0] > 0, scene.labels)
    with pytest.raises(ValueError, match=r"got none for '.*dog.png'"):
        labeled_images(images, {images[0]: labels[0]})
    with pytest.raises(ValueError, match=r"got one for '.*dog.png'"):
        labeled_images(images[:1], known)


@pytest.mark.parametrize("link", ["same", "dot", "symbolic", "hard"])
@pytest.mark.parametrize("kind", ["images", "labels"])
def test_one_file_given_twice_is_refused(tmp_path, link, kind):
    images, labels = scene_files(tmp_path, [("a", "a_l"), ("b", "b_l")])
    files = {"images": images, "labels": labels}[kind]
    if link == "same":
        files[1] = files[0]
    elif link == "dot":
        files[1] = os.path.join(tmp_path, ".", files[0].name)
    else:
        files[1].unlink()
        make = {"symbolic": os.symlink, "hard": os.link}[link]
        make(files[0], files[1])
    with pytest.raises(ValueError, match=f"`{kind}` must name each file once, got '"):
        labeled_images(images, labels)


def test_an_image_is_not_its_own_labels(tmp_path):
    images, labels = scene_files(tmp_path, [("a", "a_l"), ("b", "b_l")])
    with pytest.raises(ValueError, match=r"other files than `images`, got '.*a.png'"):
        labeled_images(images, [images[0], labels[1]])


def test_equal_pixels_in_two_files_are_said(tmp_path):
    images, labels = scene_files(tmp_path, [("a", "a_l"), ("b", "b_l")])
    Image.open(images[0]).save(images[1], compress_level=1)  # other bytes, same pixels
    words = r"'a.png' \(training\) and 'b.png' \(training\) of `images` show the same"
    with pytest.warns(UserWarning, match=words):
        labeled_images(images, labels)
    words = r"'b.png' \(held out\) of .* pixels: scores of held out are too good"
    with pytest.warns(UserWarning, match=words):
        labeled_images(images, labels, training=1)


def test_a_home_folder_may_be_abbreviated(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    scene_files(tmp_path, [("a", "a_l")])
    (scene,) = labeled_images(["~/a.png"], ["~/a_l.png"])
    assert scene.attrs["scene"] == "a.png"
