"""The terms of README, documents, model cards and page: each with its meaning here, in a sentence or two."""

GLOSSARY: dict[str, dict[str, str]] = {
    "Diffusion": {
        "diffusion model": (
            "A network that has learned to remove noise. Started from nothing but noise, and applied step "
            "by step, it generates an image. DDPM (denoising diffusion probabilistic model) is the kind "
            "that the post trains."
        ),
        "timestep": (
            "How far an image has been noised, from 0 (hardly any noise) to 999 (almost nothing else), in "
            "the order of training's noise levels."
        ),
        "betas": (
            "The variances of the noise that is added from one timestep to the next. They are the noise "
            "schedule; the post's rise from 0.0001 to 0.02."
        ),
        "signal left, √ᾱ": (
            "The factor that the image itself has in x_t; ᾱ is the product of all 1 − beta up to t. It is 1 "
            "without noise, 0.16 at timestep 600 and 0.006 at timestep 999 of the post's betas."
        ),
        "x_t": (
            "The noised image at timestep t: √ᾱ · image + √(1 − ᾱ) · noise. It is what enters the network."
        ),
        "x0 estimate": (
            "What the network takes the image without noise to be, as it follows from its prediction at one "
            "timestep. The last one is the result."
        ),
        "reverse process": "Sampling: from x_t to x_{t−1} and on to an image, a network call a step.",
        "sampler": (
            "The rule that makes a step from a prediction. DDPM adds fresh noise at every step; DDIM, PNDM, "
            "DPM-Solver++, UniPC and DEIS solve an ordinary differential equation (ODE), and add none."
        ),
        "epsilon, v and x0 prediction": (
            "What the network is trained to predict: the noise; v = √ᾱ · noise − √(1 − ᾱ) · image; or the "
            "image. Each follows from the others and x_t, but errors do not carry over equally: one of "
            "epsilon is enlarged by √(1 − ᾱ)/√ᾱ in the x0 estimate."
        ),
        "variance type": (
            "How much noise DDPM adds at a step: `fixed_small` is the variance of the step before given x_t "
            "and the image, `fixed_large` is beta. It belongs to sampling; training does not use it."
        ),
        "network, training, variant": (
            "A variant is a row of the study: settings of training and of sampling. Several variants may "
            "share one trained network."
        ),
    },
    "Dark images": {
        "brightness": (
            "The factor on pixel values by which an image is dimmed: 0.5 in the post. White is then 127.5 "
            "of 255."
        ),
        "camera model": (
            "Dimming as a camera that gets less light does it: in linear light, not on pixel values."
        ),
        "shown brightened": (
            "Displayed with the dimming undone: white at 178 of 255, and nothing above it clipped. Measures "
            "are taken before that."
        ),
        "input normalization": (
            "How pixel values are scaled before they enter the network: to [−1, 1] as they are, or "
            "stretched from the range of dim images."
        ),
    },
    "Colour shift": {
        "RGB shift, colour shift": (
            "How far the mean red, green and blue of a result are from those of the original (or, without "
            "an original, of the training images), in 1/255. The sign is result − original."
        ),
        "background colour error": (
            "How far the border of generated images is from the border of the training images, which is "
            "white dimmed: the root mean square over channels, averaged over images, in 1/255."
        ),
        "excess shift": (
            "The part of a colour shift that is beyond what a perfect sampler of mean colours would show "
            "from the same start: noise hides the original's colour, and nothing can return it."
        ),
        "tint transmission": (
            "The share of a tint of x_t that reaches the x0 estimate. An ideal denoiser's is near 0 where "
            "noise dominates and near 1 where the image does."
        ),
        "colour-insensitive network": (
            "One whose output hardly reacts to the mean colour of x_t: its tint transmission is near 1 "
            "where an ideal denoiser's is near 0."
        ),
        "GroupNorm": (
            "The normalization in every block of these networks: it subtracts the mean of a group of "
            "channels, over all pixels. With one group the channels keep their differences."
        ),
        "signal leak": (
            "What is left of an image at the last timestep (0.6 % with the post's betas): training sees it "
            "there, and sampling starts from noise without it."
        ),
    },
    "Corrections at sampling": {
        "mean correction": (
            "Sets the mean colour of every x0 estimate to what the mean colour of x_t tells of it, given "
            "mean and covariance of the training images' mean colours. It needs no training and no network "
            "call."
        ),
        "signal-leak initialisation": (
            "Starts from noise with a trace of a training colour, as training had it there."
        ),
        "anchor": (
            "Holds the mean colour of x0 to that estimated from the noised image, when an image is restored."
        ),
        "epsilon scaling": (
            "Divides the predicted noise by a number just above 1, against noise that is overestimated."
        ),
        "clipping": "Limits every x0 estimate to [−1, 1], or to the range of images of this brightness.",
    },
    "Mitigations at training": {
        "zero terminal SNR": (
            "Betas rescaled so that nothing of the image is left at the last timestep. It needs v or x0 "
            "prediction, since epsilon is undefined there."
        ),
        "offset noise": (
            "Noise with a random colour added to all pixels of an image (0.1 times a standard normal), so "
            "that the mean of x_t varies much more in training."
        ),
        "centring": (
            "The mean colour of the training images is subtracted before noise is added, and added at the "
            "end."
        ),
        "weight averaging (EMA)": (
            "Sampling with an exponential moving average of the weights instead of the last ones."
        ),
    },
    "Measures and verdicts": {
        "MSE, PSNR": (
            "Mean squared error of pixels, and its logarithm in decibels. Both prefer blurred results."
        ),
        "SSIM": "Structural similarity, 1 for equal images; its data range here is the brightness.",
        "CIEDE2000": (
            "A difference of colours as people see it; about 1 is just noticeable side by side. Here it is "
            "between mean colours, unless said otherwise."
        ),
        "error of high-frequency detail": (
            "How far the energy of high frequencies is from the original's: the absolute logarithm of their "
            "ratio, 0 where they are equal. Coherence, the correlation with the original's, tells detail "
            "from noise."
        ),
        "perfect denoiser, perfect sampler": (
            "The best that can be done with the mean colour, in closed form, where mean colours are "
            "normally distributed with the training images' mean and covariance."
        ),
        "held out": "Not used in training: these images alone are measured.",
        "seed variance": "How far trainings of one recipe with different seeds lie apart.",
        "headline, verdict": (
            "One of at most six comparisons on which a verdict is passed: it holds, the contrary holds, it "
            "makes no difference, or it cannot be told. All other comparisons are intervals."
        ),
    },
}
